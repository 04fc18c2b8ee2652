#include "int8_gemm_mutants.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "../../harness/base/memory.h"
#include "int8_gemm.h"

double *int8_gemm_mutants_expected;

/* --- packing ---------------------------------------------------------------------------------- */

/* The weights of a kernel that mutants spoil. */
struct weights {
    int32_t n, k;
    const int8_t *given; /* the caller's, which may have changed since */
    void *right;         /* packed by the scalar kernel */
    int8_t rows[];       /* (n, k) */
};

static void *pack(const int8_t *w, int32_t n, int32_t k) {
    const size_t bytes = (size_t)n * (size_t)k;
    struct weights *packed = mem_alloc(sizeof *packed + bytes);
    void *right = int8_gemm_scalar.pack(w, n, k);
    if (packed == NULL || right == NULL) {
        mem_free(packed);
        int8_gemm_scalar.release(right);
        return NULL;
    }
    *packed = (struct weights){n, k, w, right};
    memcpy(packed->rows, w, bytes);
    return packed;
}

static void *pack_mutating(const int8_t *w, int32_t n, int32_t k) {
    void *packed = pack(w, n, k);
    *(int8_t *)(uintptr_t)w ^= 1;
    return packed;
}

static void release(void *packed) {
    struct weights *w = packed;
    if (w != NULL) {
        int8_gemm_scalar.release(w->right);
        mem_free(w);
    }
}

/* --- products --------------------------------------------------------------------------------- */

#define PRODUCT(name) static void name(const void *packed, const int8_t *a, int32_t m, int32_t *out)

PRODUCT(right) {
    const struct weights *w = packed;
    int8_gemm_scalar.run(w->right, a, m, out);
}

static size_t bytes_of(const struct weights *w, int32_t m) {
    return (size_t)m * (size_t)w->n * sizeof(int32_t);
}

/* An answer kept from an earlier call; of larger ones nothing. */
struct kept {
    const int8_t *a;
    int32_t m, n;
    int32_t out[1 << 14];
};

static void keep(struct kept *to, const struct weights *w, const int8_t *a, int32_t m,
                 const int32_t *out) {
    const bool fits = bytes_of(w, m) <= sizeof to->out;
    to->a = a;
    to->m = fits ? m : 0;
    to->n = w->n;
    memcpy(to->out, out, fits ? bytes_of(w, m) : 0);
}

static bool is_of(const struct kept *from, const struct weights *w, int32_t m) {
    return from->m == m && from->n == w->n;
}

PRODUCT(zero) {
    (void)a;
    memset(out, 0, bytes_of(packed, m));
}

PRODUCT(untouched) {
    (void)packed;
    (void)a;
    (void)m;
    (void)out;
}

/* Answers with the first answer of that size. */
PRODUCT(first_answer) {
    static struct kept first;
    right(packed, a, m, out);
    if (is_of(&first, packed, m)) {
        memcpy(out, first.out, bytes_of(packed, m));
    } else {
        keep(&first, packed, a, m, out);
    }
}

PRODUCT(nan_expectation) {
    right(packed, a, m, out);
    out[0] += 1;
    if (int8_gemm_mutants_expected != NULL) {
        *int8_gemm_mutants_expected = NAN;
    }
}

PRODUCT(out_of_bounds) {
    const struct weights *w = packed;
    right(packed, a, m, out);
    out[(int64_t)m * w->n] = 0;
}

PRODUCT(mutated_activations) {
    right(packed, a, m, out);
    *(int8_t *)(uintptr_t)a ^= 1;
}

PRODUCT(cached_by_pointer) {
    static struct kept cache;
    right(packed, a, m, out);
    if (cache.a == a && is_of(&cache, packed, m)) {
        memcpy(out, cache.out, bytes_of(packed, m));
    } else {
        keep(&cache, packed, a, m, out);
    }
}

/* Its own half of the rows; the other half's thread is not waited for. */
PRODUCT(half_the_rows) { right(packed, a, (m + 1) / 2, out); }

PRODUCT(warm_up_only) {
    enum { WARM_UP = 4 };
    static int calls;
    if (calls++ % (2 * WARM_UP) < WARM_UP) {
        right(packed, a, m, out);
    }
}

/* Gives what the call before has worked out by now. */
PRODUCT(one_call_late) {
    static struct kept pending, ready;
    ready = pending;
    right(packed, a, m, out);
    keep(&pending, packed, a, m, out);
    if (is_of(&ready, packed, m)) {
        memcpy(out, ready.out, bytes_of(packed, m));
    }
}

/* --- each product of two values wrong --------------------------------------------------------- */

/* What is summed up over the depth: element i of rows a and w of length k. */
typedef int64_t (*term)(const int8_t *a, const int8_t *w, int32_t i, int32_t k);

static void sum_terms(const struct weights *w, const int8_t *a, int32_t m, int32_t *out,
                      term term_of) {
    for (int64_t at = 0; at < (int64_t)m * w->n; at++) {
        int64_t sum = 0;
        for (int32_t i = 0; i < w->k; i++) {
            sum += term_of(a + at / w->n * w->k, w->rows + at % w->n * w->k, i, w->k);
        }
        out[at] = (int32_t)sum;
    }
}

static int64_t whole_vectors_term(const int8_t *a, const int8_t *w, int32_t i, int32_t k) {
    enum { WIDTH = 16 };
    return i < k / WIDTH * WIDTH ? a[i] * w[i] : 0;
}

/* Activations 128 too large, as an instruction of unsigned times signed takes them. */
static int64_t not_corrected_term(const int8_t *a, const int8_t *w, int32_t i, int32_t k) {
    (void)k;
    return (a[i] + 128) * w[i];
}

static int64_t bits_as_unsigned_term(const int8_t *a, const int8_t *w, int32_t i, int32_t k) {
    (void)k;
    return (uint8_t)a[i] * w[i];
}

/* Sums of two products of a value plus 128 that stop at the ends of an int16, which is what such an
 * instruction leaves. */
static int64_t saturated_term(const int8_t *a, const int8_t *w, int32_t i, int32_t k) {
    if (i % 2 != 0) {
        return 0;
    }
    const int32_t next = i + 1 < k ? (a[i + 1] + 128) * w[i + 1] : 0;
    const int32_t pair = (a[i] + 128) * w[i] + next;
    const int32_t correction = 128 * (w[i] + (i + 1 < k ? w[i + 1] : 0));
    return (pair > INT16_MAX ? INT16_MAX : pair < INT16_MIN ? INT16_MIN : pair) - correction;
}

#define PRODUCT_OF(name)                                                                           \
    PRODUCT(name) { sum_terms(packed, a, m, out, name##_term); }
PRODUCT_OF(whole_vectors)
PRODUCT_OF(not_corrected)
PRODUCT_OF(bits_as_unsigned)
PRODUCT_OF(saturated)

/* --- wrong otherwise -------------------------------------------------------------------------- */

/* The columns behind the last block of 16 stay zero. */
PRODUCT(dropped_columns) {
    enum { WIDTH = 16 };
    const struct weights *w = packed;
    right(packed, a, m, out);
    for (int64_t at = 0; at < (int64_t)m * w->n; at++) {
        out[at] = at % w->n < w->n / WIDTH * WIDTH ? out[at] : 0;
    }
}

PRODUCT(summed_in_float32) {
    const struct weights *w = packed;
    for (int64_t at = 0; at < (int64_t)m * w->n; at++) {
        float sum = 0;
        for (int32_t i = 0; i < w->k; i++) {
            sum += (float)a[at / w->n * w->k + i] * (float)w->rows[at % w->n * w->k + i];
        }
        out[at] = (int32_t)sum;
    }
}

PRODUCT(sums_of_16_bits) {
    const struct weights *w = packed;
    right(packed, a, m, out);
    for (int64_t at = 0; at < (int64_t)m * w->n; at++) {
        out[at] = (int16_t)out[at];
    }
}

/* Its first value is added to what the output holds. */
PRODUCT(added_to_the_output) {
    const uint32_t before = (uint32_t)out[0];
    right(packed, a, m, out);
    out[0] = (int32_t)((uint32_t)out[0] + before);
}

/* The output by columns. */
PRODUCT(transposed) {
    const struct weights *w = packed;
    for (int64_t at = 0; at < (int64_t)m * w->n; at++) {
        int32_t sum = 0;
        for (int32_t i = 0; i < w->k; i++) {
            sum += a[at / w->n * w->k + i] * w->rows[at % w->n * w->k + i];
        }
        out[at % w->n * m + at / w->n] = sum;
    }
}

/* Reads the caller's weights again. */
PRODUCT(weights_not_kept) {
    const struct weights *w = packed;
    void *now = int8_gemm_scalar.pack(w->given, w->n, w->k);
    if (now != NULL) {
        int8_gemm_scalar.run(now, a, m, out);
    }
    int8_gemm_scalar.release(now);
}

/* --- tables ----------------------------------------------------------------------------------- */

#define MUTANT_OF(id, which, pack_function, run_function)                                          \
    MUTANT_ROW("int8_gemm", "int8", id, which, "", struct int8_gemm_impl, pack_function,           \
               run_function, release)
#define MUTANT(id, which) MUTANT_OF(id, which, pack, id)

const struct mutant int8_gemm_mutants[] = {
    MUTANT(zero, ZERO),
    MUTANT(first_answer, STALE),
    MUTANT(untouched, STALE),
    MUTANT(nan_expectation, NAN_EXPECTATION),
    MUTANT(dropped_columns, DROPPED_TAIL),
    MUTANT(whole_vectors, DROPPED_TAIL),
    MUTANT(out_of_bounds, OUT_OF_BOUNDS),
    MUTANT(mutated_activations, MUTATED_INPUT),
    MUTANT_OF(mutated_weights, MUTATED_INPUT, pack_mutating, right),
    MUTANT(cached_by_pointer, CACHED_BY_POINTER),
    MUTANT(half_the_rows, LEFT_ELSEWHERE),
    MUTANT(warm_up_only, WARM_UP_ONLY),
    MUTANT(one_call_late, BEFORE_SYNC),
    MUTANT(added_to_the_output, OTHER),
    MUTANT(bits_as_unsigned, OTHER),
    MUTANT(not_corrected, OTHER),
    MUTANT(saturated, OTHER),
    MUTANT(summed_in_float32, OTHER),
    MUTANT(sums_of_16_bits, OTHER),
    MUTANT(transposed, OTHER),
    MUTANT(weights_not_kept, OTHER),
    {.name = NULL},
};

const struct mutant_absence int8_gemm_absences[] = {
    {MUTANT_NAN_OUTPUT, "", "its answers are whole numbers"},
    {.reason = NULL},
};
