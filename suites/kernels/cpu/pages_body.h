/* Estimates of one page after the other: the loop that every instruction set of pages shares.
 *
 * max(q hi, q lo) = min(q, 0) lo + max(q, 0) hi bit for bit: low <= high are finite, rounding keeps
 * the order, and one of the two terms is an exact zero.  So a page is a product of 2 d floats in
 * the order in which they lie, into one sum: memory is the limit (8 d bytes a page), and on Zen 4
 * reading low and high side by side halved the bandwidth (10 against 23 GB/s), with software
 * prefetch two thirds of it (15).
 *
 * The including file defines the vectors (vec_*.h) and PAGES_VARIANT, PAGES_ISA. */
#include "../../../harness/base/cpu.h"
#include "../../../harness/judge/kernel.h"
#include "../pages.h"
#include "kernel_names.h"

/* Adds the products of a bound and of the part of q that takes it. */
static inline vec add_bound(const float *q, const float *bound, int32_t d, vec (*part)(vec),
                            vec sum) {
    int32_t i = 0;
    for (; i + VEC_WIDTH <= d; i += VEC_WIDTH) {
        sum = vec_fma(part(vec_load(q + i)), vec_load(bound + i), sum);
    }
    if (i < d) {
        const vec rest = vec_load_first(q + i, d - i);
        sum = vec_fma(part(rest), vec_load_first(bound + i, d - i), sum);
    }
    return sum;
}

static void run(const struct pages_call *call, float *scores) {
    const int32_t d = call->d;
    for (int64_t p = 0; p < call->pages; p++) {
        const float *low = call->bounds + p * 2 * d;
        const vec sum = add_bound(call->q, low, d, vec_negative, vec_zero());
        scores[p] = vec_sum(add_bound(call->q, low + d, d, vec_positive, sum));
    }
}

static const struct pages_impl impl = {run};

extern const struct kernel KERNEL_SYMBOL(pages, PAGES_VARIANT);
const struct kernel KERNEL_SYMBOL(pages, PAGES_VARIANT) = {
    .name = "pages/" KERNEL_TEXT(PAGES_VARIANT),
    .operation = "pages",
    .backend = BACKEND_CPU,
    .dtype = "f32",
    .isa = PAGES_ISA,
    .impl = &impl,
    .source = "Tang et al., \"Quest\", ICML 2024, algorithm 1",
    .bound = "gamma_d sum |max(q hi, q lo)|",
};
