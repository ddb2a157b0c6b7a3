// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the shared library exports; everything else is hidden.
#define BAILEE_EXPORT [[gnu::visibility("default")]]

// The result borrows from this parameter: clang warns when it outlives what it borrows from.
#if defined(__clang__)
#define BAILEE_LIFETIME_BOUND [[clang::lifetimebound]]
#else
#define BAILEE_LIFETIME_BOUND
#endif
