/* Verification of any product of int8 matrices: every value must equal the oracle's. */
#include <string.h>

#include "../../datasets/rng.h"
#include "../../harness/base/memory.h"
#include "../../harness/judge/judge.h"
#include "../../harness/judge/operation.h"
#include "../../reference/int8_gemm.h"
#include "int8_gemm.h"
#include "int8_gemm_mutants.h"

enum { WEIGHTS = 2, PRODUCTS = 3, MOST = 127, SEED = 43 };

enum int8_values {
    UNIFORM, /* -127 .. 127 */
    ENDS,    /* -127 and 127: sums of two products need 16 bits */
    LARGEST  /* 127: sums as large as they get */
};

struct int8_gemm_case {
    const char *name;
    enum int8_values values;
    int32_t m, n, k;
};

/* Tails of rows, columns and depth; a sum of float32 would lose bits from k of about 1,000 on. */
static const struct int8_gemm_case cases[] = {
    {"one product", UNIFORM, 1, 1, 1},
    {"one row, depth 3", ENDS, 1, 5, 3},
    {"two rows, one column", UNIFORM, 2, 1, 16},
    {"rows and columns of tails", UNIFORM, 7, 67, 37},
    {"one row, a tail of columns", UNIFORM, 1, 131, 129},
    {"square", UNIFORM, 64, 64, 64},
    {"more rows than a block", UNIFORM, 131, 17, 62},
    {"ends, 8 rows", ENDS, 8, 128, 512},
    {"ends, 13 rows, odd depth", ENDS, 13, 100, 255},
    {"baseline's queries, keys and values", UNIFORM, 64, 768, 256},
    {"micro's projection down", UNIFORM, 16, 128, 512},
    {"deepest, largest", LARGEST, 2, 3, INT8_GEMM_DEPTH},
    {"deepest, ends", ENDS, 3, 2, INT8_GEMM_DEPTH - 1},
};

enum { CASE_COUNT = sizeof cases / sizeof cases[0] };

/* --- data ------------------------------------------------------------------------------------- */

struct buffers {
    int8_t *given, *kept; /* (n, k): what a kernel packs, what the oracle multiplies with */
    int8_t *a;            /* (m, k) */
    double *want;         /* (m, n) */
};

static void buffers_free(struct buffers *b) {
    mem_free(b->given);
    mem_free(b->kept);
    mem_free(b->a);
    mem_free(b->want);
}

static enum status buffers_new(const struct int8_gemm_case *c, struct buffers *b) {
    const size_t m = (size_t)c->m, n = (size_t)c->n, k = (size_t)c->k;
    *b = (struct buffers){mem_alloc_array(n, k), mem_alloc_array(n, k), mem_alloc_array(m, k),
                          mem_alloc_array(m, n * sizeof *b->want)};
    if (b->given == NULL || b->kept == NULL || b->a == NULL || b->want == NULL) {
        buffers_free(b);
        return ST_SYSTEM;
    }
    return ST_OK;
}

static int8_t value_of(enum int8_values values, uint32_t word) {
    switch (values) {
    case UNIFORM:
        return (int8_t)((int32_t)rng_below(word, 2 * MOST + 1) - MOST);
    case ENDS:
        return word >> 31 != 0 ? MOST : -MOST;
    case LARGEST:
        break;
    }
    return MOST;
}

static void fill(enum int8_values values, uint32_t stream, int8_t *out, int64_t count) {
    uint32_t words[4];
    for (int64_t i = 0; i < count; i++) {
        if (i % 4 == 0) {
            rng_words(SEED, stream, (uint64_t)i / 4, 0, words);
        }
        out[i] = value_of(values, words[i % 4]);
    }
}

/* --- verification ----------------------------------------------------------------------------- */

/* One product of the packed weights with activations in the buffer of the call before. */
static void judge_product(struct judge *j, const struct int8_gemm_impl *impl,
                          const struct int8_gemm_case *c, const void *packed, uint32_t stream,
                          const struct buffers *b, int32_t *out) {
    fill(c->values, stream, b->a, (int64_t)c->m * c->k);
    ref_int8_gemm(b->a, b->kept, c->m, c->n, c->k, b->want);
    judge_rewatch(j, b->a);
    judge_rewatch(j, b->want);
    judge_poison(j);
    impl->run(packed, b->a, c->m, out);
    judge_called(j);
    for (int64_t i = 0; i < (int64_t)c->m * c->n && j->verdict != VERDICT_FAIL; i++) {
        judge_near(j, "value", i, (double)out[i], b->want[i], 0, 0);
    }
}

/* The weights given are overwritten once they are packed. */
static enum status judge_weights(struct judge *j, const struct int8_gemm_impl *impl,
                                 const struct int8_gemm_case *c, uint32_t stream,
                                 const struct buffers *b) {
    const size_t m = (size_t)c->m, n = (size_t)c->n, k = (size_t)c->k;
    int32_t *out = judge_output(j, "output", m * n * sizeof *out);
    fill(c->values, stream, b->kept, (int64_t)c->n * c->k);
    memcpy(b->given, b->kept, n * k);
    judge_watch(j, "weights", b->given, n * k);
    judge_watch(j, "activations", b->a, m * k);
    judge_watch(j, "expected output", b->want, m * n * sizeof *b->want);
    void *packed = out != NULL ? impl->pack(b->given, c->n, c->k) : NULL;
    if (packed == NULL) {
        return ST_SYSTEM;
    }
    judge_called(j);
    memset(b->given, 0x55, n * k);
    judge_rewatch(j, b->given);
    for (uint32_t i = 1; i <= PRODUCTS && j->verdict != VERDICT_FAIL; i++) {
        judge_product(j, impl, c, packed, stream + i, b, out);
    }
    impl->release(packed);
    return ST_OK;
}

/* All weights and activations in the same buffers, which an answer kept from before cannot pass. */
static enum status verify_case(const struct kernel *kernel, size_t index, struct verification *v) {
    const struct int8_gemm_case *c = &cases[index];
    struct buffers b;
    enum status st = buffers_new(c, &b);
    if (st != ST_OK) {
        return st;
    }
    int8_gemm_mutants_expected = b.want;
    for (uint32_t i = 0; i < WEIGHTS && st == ST_OK && v->verdict != VERDICT_FAIL; i++) {
        struct judge j;
        judge_begin(&j);
        st = judge_weights(&j, kernel->impl, c, i * (PRODUCTS + 1), &b);
        verification_add(v, c->name, j.verdict, j.reason);
        judge_end(&j);
    }
    int8_gemm_mutants_expected = NULL;
    buffers_free(&b);
    return st;
}

extern const struct operation operation_int8_gemm;
const struct operation operation_int8_gemm = {
    .name = "int8_gemm",
    .forms = {""},
    .case_count = CASE_COUNT,
    .verify_case = verify_case,
    .mutants = int8_gemm_mutants,
    .absences = int8_gemm_absences,
};
