#include "crossover_quality_fixtures.h"

#include <math.h>

#include "crossover_data.h"

/* Keys 0 .. 3 have logits 0, x, x, 0 with x = 2 sqrt(2), d = 2: keys 1 and 2 weigh the same.  Their
 * values are (3, 4), (3, 4), (3, 4) and (0, 0). */
static float keys[] = {0, 0, 2, 2, 2, 2, 0, 0}, values[] = {3, 4, 3, 4, 3, 4, 0, 0},
             query[] = {1, 1};

static const struct crossover_data four = {
    .plan = {.n = 4, .d = 2, .heads = 1, .queries = 1}, .k = keys, .v = values, .q = query};

/* What a fixture's selection is, and the metrics of it. */
struct selection {
    int64_t count;
    int32_t chosen[2];
    float out[2];
};

static enum status quality(const struct selection *s, struct crossover_quality *q) {
    struct crossover_oracle o;
    enum status st = crossover_oracle_new(&four, 0, 0, &o);
    if (st == ST_OK) {
        *q = crossover_quality_of(&four, &o, s->chosen, s->count, s->out);
        crossover_oracle_free(&o);
    }
    return st;
}

/* --- recall_at_k ------------------------------------------------------------------------------ */

enum status crossover_recall_by_id(struct fixture_values *v) {
    static const struct selection second = {.count = 1, .chosen = {2}};
    const int32_t first_largest = 1;
    struct crossover_quality q;
    enum status st = quality(&second, &q);
    *v = (struct fixture_values){q.recall, 1, second.chosen[0] == first_largest, 0};
    return st;
}

enum status crossover_recall_of_nothing(struct fixture_values *v) {
    static const struct selection none = {.count = 0};
    struct crossover_quality q;
    enum status st = quality(&none, &q);
    *v = (struct fixture_values){q.recall, NAN, 0, 0};
    return st;
}

/* --- mass_share ------------------------------------------------------------------------------- */

/* Keys 0 and 1 of weights 1, w, w, 1 with w = exp(2 sqrt(2)): half of all. */
static const struct selection half = {.count = 2, .chosen = {0, 1}};

enum status crossover_mass_of_chosen(struct fixture_values *v) {
    const double w = exp(2 * sqrt(2));
    struct crossover_quality q;
    enum status st = quality(&half, &q);
    *v = (struct fixture_values){q.mass, 0.5, 1 / (1 + w) + w / (1 + w), 1e-15};
    return st;
}

/* One key of the two largest, with w / (2 + 2 w) of the mass. */
enum status crossover_mass_as_recall(struct fixture_values *v) {
    static const struct selection one = {.count = 1, .chosen = {1}};
    const double w = exp(2 * sqrt(2));
    struct crossover_quality q;
    enum status st = quality(&one, &q);
    *v = (struct fixture_values){q.mass, w / (2 + 2 * w), 1.0 / 2, 1e-15};
    return st;
}

/* --- output_cosine ---------------------------------------------------------------------------- */

/* The oracle's output is (3, 4) times what is not on key 3; (4, 3) has cosine 24/25 with it. */
enum status crossover_cosine_not_normalised(struct fixture_values *v) {
    static const struct selection turned = {.count = 2, .chosen = {0, 1}, .out = {4, 3}};
    const double w = exp(2 * sqrt(2)), kept = (1 + 2 * w) / (2 + 2 * w);
    struct crossover_quality q;
    enum status st = quality(&turned, &q);
    *v = (struct fixture_values){q.cosine, 24.0 / 25, kept * 24, 1e-15};
    return st;
}

enum status crossover_cosine_of_zero(struct fixture_values *v) {
    static const struct selection empty = {.count = 1, .chosen = {3}, .out = {0, 0}};
    struct crossover_quality q;
    enum status st = quality(&empty, &q);
    *v = (struct fixture_values){q.cosine, NAN, 0, 0};
    return st;
}
