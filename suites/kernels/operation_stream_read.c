/* Verification of stream_read kernels: exclusive or of all words, exactly. */
#include <string.h>

#include "../../datasets/rng.h"
#include "../../harness/judge/judge.h"
#include "../../harness/base/memory.h"
#include "../../harness/judge/operation.h"
#include "../../harness/run/roofline.h"

enum { WORDS = 8 * 501, GUARD = 8, ALL = GUARD + WORDS + GUARD, SEED = 11 };

static void fill(uint64_t *words, uint32_t turn) {
    for (uint64_t i = 0; i < ALL; i++) {
        uint32_t w[4];
        rng_words(SEED, turn, i, 0, w);
        words[i] = (uint64_t)w[0] << 32 | w[1];
    }
}

/* One call on the words between the guards. */
static void judge_call(struct judge *j, const struct stream_read_impl *impl, const uint64_t *words,
                       size_t count) {
    const uint64_t *data = words + GUARD;
    uint64_t want = 0;
    for (size_t i = 0; i < count; i++) {
        want ^= data[i];
    }
    judge_begin(j);
    judge_watch(j, "data", data, count * sizeof *data);
    judge_watch(j, "the words before the data", words, GUARD * sizeof *words);
    judge_watch(j, "the words after the data", data + count,
                (WORDS + GUARD - count) * sizeof *data);
    uint64_t got = impl->read(data, count * sizeof *data);
    judge_called(j);
    if (got != want) {
        judge_fail(j, "%zu words: got %016llx, oracle %016llx", count, (unsigned long long)got,
                   (unsigned long long)want);
    }
}

static enum status verify_case(const struct kernel *k, size_t index, struct verification *v) {
    (void)index;
    /* One address with other content each time: all sizes come again, after other ones and at once.
     */
    static const size_t counts[] = {WORDS, WORDS, 8, WORDS - 8 * 3, 8, WORDS, WORDS - 8 * 3, 16};
    uint64_t *words = mem_alloc_array(ALL, sizeof *words);
    if (words == NULL) {
        return ST_SYSTEM;
    }
    struct judge j;
    judge_begin(&j);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0] && j.verdict != VERDICT_FAIL; i++) {
        fill(words, (uint32_t)i);
        judge_call(&j, k->impl, words, counts[i]);
    }
    verification_add(v, NULL, j.verdict, j.reason);
    mem_free(words);
    return ST_OK;
}

/* --- mutants ---------------------------------------------------------------------------------- */

enum { WARM_UP = 4 };

static uint64_t right(const void *data, size_t bytes) {
    const uint64_t *p = data;
    uint64_t sum = 0;
    for (size_t i = 0; i < bytes / sizeof *p; i++) {
        sum ^= p[i];
    }
    return sum;
}

static uint64_t zero(const void *data, size_t bytes) {
    (void)data;
    (void)bytes;
    return 0;
}

static uint64_t first_answer(const void *data, size_t bytes) {
    static bool known;
    static uint64_t first;
    first = known ? first : right(data, bytes);
    known = true;
    return first;
}

/* Reads every other cache line: twice as fast, and wrong. */
static uint64_t every_other_line(const void *data, size_t bytes) {
    const uint64_t *p = data;
    uint64_t sum = 0;
    for (size_t i = 0; i < bytes / sizeof *p; i++) {
        sum ^= i / 8 % 2 == 0 ? p[i] : 0;
    }
    return sum;
}

static uint64_t dropped_tail(const void *data, size_t bytes) {
    return right(data, bytes - sizeof(uint64_t));
}

static uint64_t reads_past_the_end(const void *data, size_t bytes) {
    return right(data, bytes + sizeof(uint64_t));
}

static uint64_t writes_past_the_end(const void *data, size_t bytes) {
    uint64_t sum = right(data, bytes);
    ((uint64_t *)(uintptr_t)data)[bytes / sizeof sum] = sum;
    return sum;
}

static uint64_t sum_left_in_the_data(const void *data, size_t bytes) {
    uint64_t sum = right(data, bytes);
    *(uint64_t *)(uintptr_t)data = sum;
    return sum;
}

/* Knows an address and a size again, and not that other data lie there now. */
static uint64_t cached_by_pointer(const void *data, size_t bytes) {
    static const void *seen;
    static size_t seen_bytes;
    static uint64_t sum;
    if (seen != data || seen_bytes != bytes) {
        sum = right(data, bytes);
    }
    seen = data;
    seen_bytes = bytes;
    return sum;
}

/* Its own half; the other half's thread is not waited for. */
static uint64_t half_left_to_a_thread(const void *data, size_t bytes) {
    return right(data, bytes / 2);
}

static uint64_t warm_up_only(const void *data, size_t bytes) {
    static int calls;
    return calls++ < WARM_UP ? right(data, bytes) : 0;
}

/* What the call before this one has worked out by now. */
static uint64_t one_call_late(const void *data, size_t bytes) {
    static uint64_t pending;
    uint64_t out = pending;
    pending = right(data, bytes);
    return out;
}

#define MUTANT(id, which)                                                                          \
    MUTANT_ROW("stream_read", "u64", id, which, "", struct stream_read_impl, id)

static const struct mutant mutants[] = {
    MUTANT(zero, ZERO),
    MUTANT(first_answer, STALE),
    MUTANT(dropped_tail, DROPPED_TAIL),
    MUTANT(writes_past_the_end, OUT_OF_BOUNDS),
    MUTANT(sum_left_in_the_data, MUTATED_INPUT),
    MUTANT(cached_by_pointer, CACHED_BY_POINTER),
    MUTANT(half_left_to_a_thread, LEFT_ELSEWHERE),
    MUTANT(warm_up_only, WARM_UP_ONLY),
    MUTANT(one_call_late, BEFORE_SYNC),
    MUTANT(every_other_line, OTHER),
    MUTANT(reads_past_the_end, OTHER),
    {.name = NULL},
};

static const struct mutant_absence absences[] = {
    {MUTANT_NAN_OUTPUT, "", "it answers an integer, which is never NaN"},
    {MUTANT_NAN_EXPECTATION, "", "the expected integer has no address and is never NaN"},
    {.reason = NULL},
};

extern const struct operation operation_stream_read;
const struct operation operation_stream_read = {
    .name = "stream_read",
    .forms = {""},
    .case_count = 1,
    .verify_case = verify_case,
    .mutants = mutants,
    .absences = absences,
};
