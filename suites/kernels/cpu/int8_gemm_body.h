/* Product of int8 matrices: packing, blocks and tails, which the instruction sets share.
 *
 * Weights lie in panels of VECTORS vectors of columns; a panel holds four values of each of its
 * columns, then the next four, so that a tile of at most ROWS rows reads it front to back while its
 * sums stay in registers.  All rows pass over a panel before the next one is read.  Activations are
 * read where they lie, four values of a row at once.
 *
 * The including file defines a vector of int32 sums and what is done with it (vec, WIDTH, vec_*);
 * VECTORS, ROWS and TILES; BIAS, which packing adds to a weight; start_of(), where the sums of a
 * row begin, which takes off what BIAS and vec_mac() add; GEMM_VARIANT and GEMM_ISA. */
#include <stdbool.h>
#include <string.h>

#include "../../../harness/base/cpu.h"
#include "../../../harness/base/memory.h"
#include "../../../harness/judge/kernel.h"
#include "../int8_gemm.h"

enum {
    QUAD = 4, /* values that one lane multiplies at once */
    COLUMNS = VECTORS * WIDTH,
    AT_ONCE = 64 /* rows that pass over the weights together */
};

struct weights {
    int32_t n, k;
    _Alignas(64) uint8_t panels[]; /* (n / COLUMNS, k / QUAD, COLUMNS, QUAD), both rounded up */
};

static int64_t panel_bytes(int32_t k) { return ((int64_t)k + QUAD - 1) / QUAD * QUAD * COLUMNS; }

/* Behind the last column and the last value lies 0, biased. */
static void *pack(const int8_t *w, int32_t n, int32_t k) {
    const int64_t panels = ((int64_t)n + COLUMNS - 1) / COLUMNS, bytes = panels * panel_bytes(k);
    struct weights *packed = mem_alloc(sizeof *packed + (size_t)bytes);
    if (packed == NULL) {
        return NULL;
    }
    packed->n = n;
    packed->k = k;
    memset(packed->panels, BIAS, (size_t)bytes);
    for (int64_t j = 0; j < n; j++) {
        uint8_t *column = packed->panels + j / COLUMNS * panel_bytes(k) + j % COLUMNS * QUAD;
        for (int64_t i = 0; i < k; i++) {
            column[i / QUAD * QUAD * COLUMNS + i % QUAD] = (uint8_t)(w[j * k + i] + BIAS);
        }
    }
    return packed;
}

/* The first `count` of QUAD values, zeros behind them. */
static inline vec broadcast_first(const int8_t *a, int64_t count) {
    int8_t quad[QUAD] = {0};
    memcpy(quad, a, (size_t)count);
    return vec_broadcast(quad);
}

/* Sums of `rows` rows to out (rows, stride); of the last panel only the first `columns`. */
static inline __attribute__((always_inline)) void
store(int rows, vec sum[ROWS][VECTORS], int64_t columns, int32_t *out, int64_t stride) {
    int32_t last[ROWS][COLUMNS];
    const bool whole = columns >= COLUMNS;
    int32_t *to = whole ? out : last[0];
    const int64_t step = whole ? stride : COLUMNS;
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++) {
#pragma GCC unroll 8
        for (int v = 0; v < VECTORS; v++) {
            vec_store(to + r * step + v * WIDTH, sum[r][v]);
        }
    }
    for (int r = 0; r < rows && !whole; r++) {
        memcpy(out + r * stride, last[r], (size_t)columns * sizeof *out);
    }
}

/* `rows`, which is known to the compiler, times one panel.  Every loop over the sums is unrolled,
 * or they would lie in memory. */
static inline __attribute__((always_inline)) void tile(int rows, const struct weights *w,
                                                       int64_t column, const int8_t *a,
                                                       const int32_t *start, int32_t *out) {
    const int64_t k = w->k;
    const uint8_t *b = w->panels + column / COLUMNS * panel_bytes(w->k);
    vec sum[ROWS][VECTORS];
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++) {
#pragma GCC unroll 8
        for (int v = 0; v < VECTORS; v++) {
            sum[r][v] = vec_set(start[r]);
        }
    }
    for (int64_t i = 0; i < k; i += QUAD, b += QUAD * COLUMNS) {
        const int64_t left = k - i;
#pragma GCC unroll 8
        for (int r = 0; r < rows; r++) {
            const int8_t *at = a + r * k + i;
            const vec x = left >= QUAD ? vec_broadcast(at) : broadcast_first(at, left);
#pragma GCC unroll 8
            for (int v = 0; v < VECTORS; v++) {
                sum[r][v] = vec_mac(sum[r][v], vec_load(b + v * QUAD * WIDTH), x);
            }
        }
    }
    store(rows, sum, w->n - column, out + column, w->n);
}

static void tiles(int rows, const struct weights *w, int64_t column, const int8_t *a,
                  const int32_t *start, int32_t *out) {
    switch (rows) {
#define TILE(rows)                                                                                 \
    case rows:                                                                                     \
        tile(rows, w, column, a, start, out);                                                      \
        break;
        TILES(TILE)
#undef TILE
    default:
        break;
    }
}

/* At most AT_ONCE rows, in blocks that differ by one row at most. */
static void run_rows(const struct weights *w, const int8_t *a, int32_t m, int32_t *out) {
    const int64_t n = w->n, k = w->k;
    int32_t start[AT_ONCE];
    for (int32_t r = 0; r < m; r++) {
        start[r] = start_of(a + r * k, w->k);
    }
    for (int64_t column = 0; column < n; column += COLUMNS) {
        int32_t blocks = (m + ROWS - 1) / ROWS;
        for (int32_t r = 0, rows; r < m; r += rows, blocks--) {
            rows = (m - r + blocks - 1) / blocks;
            tiles(rows, w, column, a + r * k, start + r, out + r * n);
        }
    }
}

static void run(const void *packed, const int8_t *a, int32_t m, int32_t *out) {
    const struct weights *w = packed;
    for (int64_t r = 0; r < m; r += AT_ONCE) {
        const int32_t rows = m - r < AT_ONCE ? (int32_t)(m - r) : AT_ONCE;
        run_rows(w, a + r * w->k, rows, out + r * w->n);
    }
}

#define GEMM_JOIN(a, b) a##b
#define GEMM_IMPL(variant) GEMM_JOIN(int8_gemm_, variant)
#define GEMM_KERNEL(variant) GEMM_JOIN(kernel_int8_gemm_, variant)
#define GEMM_TEXT(x) #x
#define GEMM_NAME(variant) "int8_gemm/" GEMM_TEXT(variant)

const struct int8_gemm_impl GEMM_IMPL(GEMM_VARIANT) = {pack, run, mem_free};

extern const struct kernel GEMM_KERNEL(GEMM_VARIANT);
const struct kernel GEMM_KERNEL(GEMM_VARIANT) = {
    .name = GEMM_NAME(GEMM_VARIANT),
    .operation = "int8_gemm",
    .dtype = "int8",
    .isa = GEMM_ISA,
    .impl = &GEMM_IMPL(GEMM_VARIANT),
    .source = "Goto and van de Geijn, \"Anatomy of High-Performance Matrix Multiplication\", ACM "
              "TOMS 34(3), 2008: packed panels, sums in registers",
    .bound = "equality",
};
