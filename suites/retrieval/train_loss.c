#include "train_loss.h"

#include <cblas.h>
#include <math.h>
#include <string.h>

#include "../../harness/base/memory.h"
#include "train_row.h"

/* Queries taken together: their products with 1,024 keys, and what a row needs, fit the L2 cache.
 */
enum { QUERIES = 64 };

/* Below this a vector has no direction: its cosines are taken as if it were this long. */
static const float least_norm = 1e-12F;

struct train_space {
    struct train_shape shape;
    const struct train_row_math *math;
    float *qk, *gradient; /* (tokens, 2, d_search): query and key of a token, and theirs */
    float *norm;          /* (tokens, 2) */
    float *key_scale;     /* (tokens) 1 / norm of the key */
    float *key_pull;      /* (tokens), see train_row.h */
    float *products;      /* (QUERIES, tokens) */
    float *row;           /* (2, tokens) */
};

enum status train_space_new(const struct train_shape *shape, struct train_space **out) {
    struct train_space *s = *out = mem_alloc(sizeof *s);
    if (s == NULL) {
        return ST_SYSTEM;
    }
    s->shape = *shape;
    s->math = train_row_math();
    const size_t width = 2 * (size_t)shape->d_search;
    const struct {
        float **at;
        size_t width;
    } wanted[] = {{&s->qk, width},   {&s->gradient, width},   {&s->norm, 2}, {&s->key_scale, 1},
                  {&s->key_pull, 1}, {&s->products, QUERIES}, {&s->row, 2}};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        *wanted[i].at = mem_alloc_array((size_t)shape->tokens, wanted[i].width * sizeof(float));
        if (*wanted[i].at == NULL) {
            train_space_free(s);
            *out = NULL;
            return ST_SYSTEM;
        }
    }
    return ST_OK;
}

void train_space_free(struct train_space *s) {
    if (s == NULL) {
        return;
    }
    mem_free(s->qk);
    mem_free(s->gradient);
    mem_free(s->norm);
    mem_free(s->key_scale);
    mem_free(s->key_pull);
    mem_free(s->products);
    mem_free(s->row);
    mem_free(s);
}

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

/* Queries and keys of all tokens, and their norms. */
static void project(struct train_space *s, const float *weights, const float *x, int64_t tokens) {
    const int d = s->shape.d_search, hidden = s->shape.hidden;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)tokens, 2 * d, hidden, 1, x, hidden,
                weights, hidden, 0, s->qk, 2 * d);
    for (int64_t i = 0; i < 2 * tokens; i++) {
        s->norm[i] = fmaxf(cblas_snrm2(d, s->qk + i * d, 1), least_norm);
    }
    for (int64_t t = 0; t < tokens; t++) {
        s->key_scale[t] = 1 / s->norm[2 * t + 1];
    }
}

/* Products of one query become their gradients; those of keys that it may not read are 0. */
static void add_row(struct train_space *s, const struct teacher *teacher, int64_t t,
                    float *products, int64_t low, int64_t keys, struct train_loss *loss) {
    const int64_t first = teacher->first[t], n = t - first + 1;
    const int d = s->shape.d_search;
    if (n < 2) {
        memset(products, 0, (size_t)keys * sizeof *products);
        return;
    }
    const struct train_row r = {.n = n,
                                .products = products + (first - low),
                                .key_scale = s->key_scale + first,
                                .dot_scale = 1 / sqrtf((float)d),
                                .cosine_scale = 1 / (s->norm[2 * t] * s->shape.temperature),
                                .teacher = teacher->weights + teacher->at[t],
                                .entropy = (double)teacher->entropy[t],
                                .positives = teacher->positives + t * TEACHER_POSITIVES,
                                .positive_count = teacher_positive_count(teacher, t),
                                .key_pull = s->key_pull + first,
                                .space = s->row};
    const struct train_row_loss of = s->math->row(&r);
    memset(products, 0, (size_t)(first - low) * sizeof *products);
    memset(products + (t + 1 - low), 0, (size_t)(low + keys - t - 1) * sizeof *products);
    loss->contrastive += of.contrastive;
    loss->divergence += of.divergence;
    loss->queries++;
    const float norm = s->norm[2 * t];
    cblas_saxpy(d, -(float)of.query_pull / (norm * norm), s->qk + 2 * t * d, 1,
                s->gradient + 2 * t * d, 1);
}

/* The queries t .. t + rows - 1 against all keys that one of them may read. */
static void add_block(struct train_space *s, const struct teacher *teacher, int64_t t, int64_t rows,
                      struct train_loss *loss) {
    const int d = s->shape.d_search, stride = 2 * d;
    const int64_t low = teacher->first[t], keys = t + rows - low;
    const float *q = s->qk + t * stride, *k = s->qk + low * stride + d;
    float *gq = s->gradient + t * stride, *gk = s->gradient + low * stride + d;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)rows, (int)keys, d, 1, q, stride, k,
                stride, 0, s->products, (int)keys);
    for (int64_t i = 0; i < rows; i++) {
        add_row(s, teacher, t + i, s->products + i * keys, low, keys, loss);
    }
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)rows, d, (int)keys, 1, s->products,
                (int)keys, k, stride, 1, gq, stride);
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)keys, d, (int)rows, 1, s->products,
                (int)keys, q, stride, 1, gk, stride);
}

void train_loss_add(struct train_space *s, const float *weights, const float *x,
                    const struct teacher *teacher, struct train_loss *loss, float *gradient) {
    const int d = s->shape.d_search, hidden = s->shape.hidden;
    const int64_t tokens = teacher->tokens;
    project(s, weights, x, tokens);
    memset(s->gradient, 0, (size_t)(tokens * 2 * d) * sizeof *s->gradient);
    memset(s->key_pull, 0, (size_t)tokens * sizeof *s->key_pull);
    for (int64_t t = 0; t < tokens; t += QUERIES) {
        add_block(s, teacher, t, smaller(QUERIES, tokens - t), loss);
    }
    for (int64_t t = 0; t < tokens; t++) {
        const float scale = s->key_scale[t];
        cblas_saxpy(d, -s->key_pull[t] * scale * scale, s->qk + (2 * t + 1) * d, 1,
                    s->gradient + (2 * t + 1) * d, 1);
    }
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, 2 * d, hidden, (int)tokens, 1, s->gradient,
                2 * d, x, hidden, 1, gradient, hidden);
}
