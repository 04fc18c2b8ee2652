/* The loops that every instruction set of train_row shares: plain C that compilers vectorise.  The
 * including file defines TRAIN_ROW_TABLE. */
#include <math.h>

#include "../lm/row_exp.h"
#include "train_row.h"

/* Sums and maxima run in this many lanes, because a compiler may not reorder them itself. */
enum { LANES = 16 };

static float most_of(const float lane[LANES]) {
    float most = lane[0];
    for (int i = 1; i < LANES; i++) {
        most = lane[i] > most ? lane[i] : most;
    }
    return most;
}

static double sum_of(const float lane[LANES]) {
    double sum = 0;
    for (int i = 0; i < LANES; i++) {
        sum += (double)lane[i];
    }
    return sum;
}

/* Largest product and largest cosine logit; cosines (n) are written. */
static void cosine_logits(const struct train_row *r, float *cosines, float *most_product,
                          float *most_cosine) {
    const float *g = r->products, *scale = r->key_scale, by = r->cosine_scale;
    float product[LANES], cosine[LANES];
    for (int i = 0; i < LANES; i++) {
        product[i] = g[0];
        cosine[i] = g[0] * by * scale[0];
    }
    int64_t at = 0;
    for (; at + LANES <= r->n; at += LANES) {
        for (int i = 0; i < LANES; i++) {
            const float c = g[at + i] * by * scale[at + i];
            cosines[at + i] = c;
            cosine[i] = c > cosine[i] ? c : cosine[i];
            product[i] = g[at + i] > product[i] ? g[at + i] : product[i];
        }
    }
    for (int i = 0; at < r->n; at++, i++) {
        const float c = g[at] * by * scale[at];
        cosines[at] = c;
        cosine[i] = c > cosine[i] ? c : cosine[i];
        product[i] = g[at] > product[i] ? g[at] : product[i];
    }
    *most_product = most_of(product);
    *most_cosine = most_of(cosine);
}

struct sums {
    double dots, cosines; /* of the exponentials */
    double taught;        /* of teacher times product */
};

/* Products become e^(z - largest z); powers (n) = e^(c - largest c). */
static struct sums exponentials(const struct train_row *r, const float *cosines, float most_product,
                                float most_cosine, float *powers) {
    float *g = r->products, dots[LANES] = {0}, cosine[LANES] = {0}, taught[LANES] = {0};
    const float *teacher = r->teacher, by = r->dot_scale;
    int64_t at = 0;
    for (; at + LANES <= r->n; at += LANES) {
        for (int i = 0; i < LANES; i++) {
            const float below = g[at + i] - most_product;
            taught[i] += teacher[at + i] * below;
            g[at + i] = exp_row(below * by);
            powers[at + i] = exp_row(cosines[at + i] - most_cosine);
            dots[i] += g[at + i];
            cosine[i] += powers[at + i];
        }
    }
    for (int i = 0; at < r->n; at++, i++) {
        const float below = g[at] - most_product;
        taught[i] += teacher[at] * below;
        g[at] = exp_row(below * by);
        powers[at] = exp_row(cosines[at] - most_cosine);
        dots[i] += g[at];
        cosine[i] += powers[at];
    }
    return (struct sums){sum_of(dots), sum_of(cosine), sum_of(taught)};
}

/* Exponentials become the gradient, as if no key were a positive; returns the query's pull. */
static double gradient(const struct train_row *r, const float *cosines, const float *powers,
                       const struct sums *s) {
    const float dot_share = (float)(1 / s->dots), cosine_share = (float)(1 / s->cosines);
    const float *teacher = r->teacher, *scale = r->key_scale;
    const float by_dot = r->dot_scale, by_cosine = r->cosine_scale;
    float *g = r->products, *pull = r->key_pull, query[LANES] = {0};
    int64_t at = 0;
    for (; at + LANES <= r->n; at += LANES) {
        for (int i = 0; i < LANES; i++) {
            const float p = powers[at + i] * cosine_share, moved = p * cosines[at + i];
            g[at + i] =
                (g[at + i] * dot_share - teacher[at + i]) * by_dot + p * by_cosine * scale[at + i];
            pull[at + i] += moved;
            query[i] += moved;
        }
    }
    for (int i = 0; at < r->n; at++, i++) {
        const float p = powers[at] * cosine_share, moved = p * cosines[at];
        g[at] = (g[at] * dot_share - teacher[at]) * by_dot + p * by_cosine * scale[at];
        pull[at] += moved;
        query[i] += moved;
    }
    return sum_of(query);
}

static double sum_of_positives(const struct train_row *r, const float *powers) {
    double sum = 0;
    for (int64_t i = 0; i < r->positive_count; i++) {
        sum += (double)powers[r->positives[i]];
    }
    return sum;
}

static struct train_row_loss row(const struct train_row *r) {
    float *cosines = r->space, *powers = r->space + r->n, most_product, most_cosine;
    cosine_logits(r, cosines, &most_product, &most_cosine);
    const struct sums s = exponentials(r, cosines, most_product, most_cosine, powers);
    const double of_positives = sum_of_positives(r, powers);
    struct train_row_loss loss = {.contrastive = log(s.cosines) - log(of_positives),
                                  .divergence =
                                      log(s.dots) - (double)r->dot_scale * s.taught - r->entropy,
                                  .query_pull = gradient(r, cosines, powers, &s)};
    for (int64_t i = 0; i < r->positive_count; i++) {
        const int32_t key = r->positives[i];
        const float share = (float)((double)powers[key] / of_positives);
        r->products[key] -= share * r->cosine_scale * r->key_scale[key];
        r->key_pull[key] -= share * cosines[key];
        loss.query_pull -= (double)(share * cosines[key]);
    }
    return loss;
}

const struct train_row_math TRAIN_ROW_TABLE = {row};
