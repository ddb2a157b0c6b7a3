// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "model/oracle.h"

// Rules 70 to 77 and 80 to 85: what leaves, and who is written to.
namespace bailee::model {

// 70 to 73, beside those of a read.
void RefuseDiscloseEarly(const SmallPolicy& F, const SmallRequest& request, bool case_given,
                         Reasons& reasons);

// 74 to 77. `terms` are those of the datum, null if there is none.
void RefuseDiscloseLate(const SmallPolicy& F, const SmallTerms* terms, bool agreed,
                        const SmallStanding& standing, const SmallRequest& request,
                        Reasons& reasons);

// 80 and 81.
void RefuseContactEarly(const SmallPolicy& F, const SmallRequest& request, Reasons& reasons);

// 82 to 85.
Reasons RefuseContactLate(const SmallPolicy& F, const SmallStanding& standing,
                          const SmallRequest& request);

}  // namespace bailee::model
