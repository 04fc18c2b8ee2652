/* Included before each C file by `make lint`, for clang-tidy only: the analyser sees one file at a
 * time and cannot know that status_set() returns the status it was given, so it would follow paths
 * on which an error comes back as success. */
#ifndef ATTEST_CI_ANALYSER_H
#define ATTEST_CI_ANALYSER_H

#include "../harness/base/status.h"

#define status_set(st, ...) ((void)(status_set)((st), __VA_ARGS__), (st))

#endif
