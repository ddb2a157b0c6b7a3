#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Installs the built library and builds a program of somebody else's with it.

  package_test.py HOW BUILD SOURCE WORK CXX [LAUNCHER]

HOW: install | find_package.shared | find_package.static | pkg_config.shared | pkg_config.static | add_subdirectory
"""

import os
import shutil
import subprocess
import sys
import tempfile


def run(*command, **options):
    return subprocess.run(command, check=True, text=True, **options)


def fresh(directory):
    shutil.rmtree(directory, ignore_errors=True)
    os.makedirs(directory)
    return directory


def install(build, prefix):
    run("cmake", "--build", build, "--target", "bailee_static", "bailee_shared")
    run("cmake", "--install", build, "--component", "library", "--prefix", fresh(prefix))
    # Whatever is found later is found where it was moved to.
    shutil.rmtree(prefix + "-moved", ignore_errors=True)
    os.rename(prefix, prefix + "-moved")


def with_cmake(consumer, out, compiler, settings):
    run("cmake", "-S", consumer, "-B", out, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug",
        "-DCMAKE_CXX_COMPILER=" + compiler, *settings)
    run("cmake", "--build", out, "--target", "consumer")
    return os.path.join(out, "consumer")


def with_pkg_config(consumer, out, compiler, prefix, static):
    [folder] = [where for where, _, files in os.walk(prefix) if "bailee.pc" in files]
    environment = dict(os.environ, PKG_CONFIG_PATH=folder)
    query = ["pkg-config", "--cflags", "--libs"] + (["--static"] if static else []) + ["bailee"]
    flags = run(*query, env=environment, stdout=subprocess.PIPE).stdout.split()
    if static:  # where both kinds are, the linker prefers the shared one
        flags = ["-l:libbailee.a" if flag == "-lbailee" else flag for flag in flags]
    else:
        flags.append("-Wl,-rpath," + os.path.dirname(folder))
    program = os.path.join(out, "consumer")
    run(compiler, "-std=c++20", os.path.join(consumer, "main.cc"), "-o", program, *flags)
    return program


def main():
    how, build, source, work, compiler = sys.argv[1:6]
    prefix = os.path.join(work, "prefix")
    if how == "install":
        return install(build, prefix)
    prefix += "-moved"
    consumer = os.path.join(source, "tests/package/consumer")
    out = fresh(os.path.join(work, how))
    kind = how.rpartition(".")[2]
    if how.startswith("find_package."):
        program = with_cmake(consumer, out, compiler,
                             ["-DCMAKE_PREFIX_PATH=" + prefix, "-DBAILEE_TARGET=bailee::" + kind])
    elif how.startswith("pkg_config."):
        program = with_pkg_config(consumer, out, compiler, prefix, kind == "static")
    else:
        quick = ["-DCMAKE_UNITY_BUILD=ON", "-DCMAKE_UNITY_BUILD_BATCH_SIZE=128",
                 "-DCMAKE_CXX_FLAGS_DEBUG=-O0"]
        quick += ["-DCMAKE_CXX_COMPILER_LAUNCHER=" + each for each in sys.argv[6:]]
        program = with_cmake(consumer, out, compiler,
                             ["-DBAILEE_SOURCE=" + source, "-DBAILEE_TARGET=bailee::bailee"] + quick)
    with tempfile.TemporaryDirectory(prefix="bailee-package-") as directory:
        run(program, directory, os.path.join(source, "proto/policies/livelook_2013.textproto"))
    linked = run("ldd", program, stdout=subprocess.PIPE).stdout
    assert ("libbailee" in linked) == (kind != "static"), "linked with the other kind of library"
    print("the consumer made and opened a vault")


if __name__ == "__main__":
    main()
