/* The tiny model of suites/lm/tests, linked into this folder's tests too. */
#include "../../lm/tests/tiny.c" /* NOLINT(bugprone-suspicious-include): a folder links its own files only */
