/* Verification of stream_read kernels: exclusive or of all words, exactly. */
#include <stdio.h>
#include <string.h>

#include "../../datasets/rng.h"
#include "../../harness/judge.h"
#include "../../harness/memory.h"
#include "../../harness/operation.h"
#include "../../harness/roofline.h"

enum { WORDS = 8 * 501, SEED = 11 };

static enum status verify(const struct kernel *k, enum verdict *verdict, char *reason,
                          size_t size) {
    const struct stream_read_impl *impl = k->impl;
    uint64_t *words = mem_alloc_array(WORDS, sizeof *words);
    if (words == NULL) {
        return ST_SYSTEM;
    }
    struct judge j;
    judge_begin(&j);
    for (uint64_t turn = 0; turn < 3; turn++) { /* the same buffer with other content each time */
        for (uint64_t i = 0; i < WORDS; i++) {
            uint32_t w[4];
            rng_words(SEED, (uint32_t)turn, i, 0, w);
            words[i] = (uint64_t)w[0] << 32 | w[1];
        }
        size_t count = turn == 0 ? WORDS : turn == 1 ? 8 : WORDS - 8 * 3;
        uint64_t want = 0;
        for (size_t i = 0; i < count; i++) {
            want ^= words[i];
        }
        judge_begin(&j);
        judge_watch(&j, "data", words, WORDS * sizeof *words);
        uint64_t got = impl->read(words, count * sizeof *words);
        judge_called(&j);
        if (got != want) {
            judge_fail(&j, "%zu words: got %016llx, oracle %016llx", count, (unsigned long long)got,
                       (unsigned long long)want);
        }
        if (j.verdict == VERDICT_FAIL) {
            break;
        }
    }
    *verdict = j.verdict;
    snprintf(reason, size, "%s", j.reason);
    mem_free(words);
    return ST_OK;
}

static uint64_t zero(const void *data, size_t bytes) {
    (void)data;
    (void)bytes;
    return 0;
}

/* Reads every other cache line: twice as fast, and wrong. */
static uint64_t half(const void *data, size_t bytes) {
    const uint64_t *p = data;
    uint64_t sum = 0;
    for (size_t i = 0; i < bytes / sizeof *p; i++) {
        sum ^= i / 8 % 2 == 0 ? p[i] : 0;
    }
    return sum;
}

static uint64_t dropped_tail(const void *data, size_t bytes) {
    const uint64_t *p = data;
    uint64_t sum = 0;
    for (size_t i = 0; i + 1 < bytes / sizeof *p; i++) {
        sum ^= p[i];
    }
    return sum;
}

#define MUTANT(id)                                                                                 \
    {                                                                                              \
#id, {                                                                                     \
            .name = "mutant/" #id, .operation = "stream_read", .dtype = "u64",                     \
            .impl = &(const struct stream_read_impl) {                                             \
                id                                                                                 \
            }                                                                                      \
        }                                                                                          \
    }

static const struct mutant mutants[] = {
    MUTANT(dropped_tail), MUTANT(half), MUTANT(zero), {.name = NULL}};

extern const struct operation operation_stream_read;
const struct operation operation_stream_read = {"stream_read", verify, mutants};
