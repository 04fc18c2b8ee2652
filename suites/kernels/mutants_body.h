/* Mutants of every kind, of an operation that scores each of a call's keys or pages with a float.
 *
 * The including file defines CALL, the call's type; COUNT, its member that says how many scores
 * there are; INPUT, its member beside the query, floats; EXPECTED, the pointer to the first
 * expected score; and right(), the kernel that mutants spoil. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#define SCORE(name) static void name(const CALL *call, float *scores)

/* An answer kept from an earlier call. */
enum { KEPT = 1024 };

struct kept {
    const float *q;
    int64_t count;
    float scores[KEPT];
};

static void keep(struct kept *to, const CALL *call, const float *scores) {
    to->q = call->q;
    to->count = call->COUNT <= KEPT ? call->COUNT : 0;
    memcpy(to->scores, scores, (size_t)to->count * sizeof *scores);
}

static void give(const struct kept *from, float *scores) {
    memcpy(scores, from->scores, (size_t)from->count * sizeof *scores);
}

SCORE(zero) { memset(scores, 0, (size_t)call->COUNT * sizeof *scores); }

SCORE(untouched) {
    (void)call;
    (void)scores;
}

/* Answers with the first answer of that many scores. */
SCORE(first_answer) {
    static struct kept first;
    right(call, scores);
    if (first.count == call->COUNT) {
        give(&first, scores);
    } else {
        keep(&first, call, scores);
    }
}

SCORE(nan_output) {
    for (int64_t j = 0; j < call->COUNT; j++) {
        scores[j] = NAN;
    }
}

SCORE(nan_expectation) {
    right(call, scores);
    for (int64_t j = 0; j < call->COUNT; j++) {
        scores[j] *= 2;
    }
    if (EXPECTED != NULL) {
        *EXPECTED = NAN;
    }
}

/* The last eighth scores as if it were zero. */
SCORE(dropped_tail) {
    right(call, scores);
    for (int64_t j = call->COUNT - call->COUNT / 8; j < call->COUNT; j++) {
        scores[j] = 0;
    }
}

SCORE(out_of_bounds) {
    right(call, scores);
    scores[call->COUNT] = 0;
}

SCORE(mutated_query) {
    right(call, scores);
    *(float *)(uintptr_t)call->q += 1;
}

SCORE(mutated_input) {
    right(call, scores);
    *(float *)(uintptr_t)call->INPUT -= 1;
}

SCORE(cached_by_pointer) {
    static struct kept cache;
    right(call, scores);
    if (cache.q == call->q && cache.count == call->COUNT) {
        give(&cache, scores);
    } else {
        keep(&cache, call, scores);
    }
}

/* Its own half; the other half's thread is not waited for. */
SCORE(first_half) {
    CALL half = *call;
    half.COUNT = call->COUNT / 2;
    right(&half, scores);
}

SCORE(warm_up_only) {
    enum { WARM_UP = 8 };
    static int calls;
    if (calls++ % (2 * WARM_UP) < WARM_UP) {
        right(call, scores);
    }
}

/* Gives what the call before has worked out by now. */
SCORE(one_call_late) {
    static struct kept pending, ready;
    ready = pending;
    right(call, scores);
    keep(&pending, call, scores);
    if (ready.count == call->COUNT) {
        give(&ready, scores);
    }
}
