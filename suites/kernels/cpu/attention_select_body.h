/* Selection that every instruction set shares.  The including file defines
 * `static inline int64_t list_from(const float *row, int64_t n, float least, int32_t *out)`, which
 * lists the indices of the values >= least and may write ATTENTION_SELECT_SLACK entries behind
 * them, and ATTENTION_SELECT.
 *
 * The k-th largest value is closed in on by halving the range of values and counting what lies
 * above, a pass a halving, each at memory speed; when few values are left in the range, they are
 * taken out and partitioned (Hoare, "Algorithm 65: Find", 1961).  In a long row the first range is
 * guessed from a sample (Floyd and Rivest, "Expected time bounds for selection", 1975), which saves
 * most passes: they cost memory's time once the row is larger than a cache.
 */
#include "../attention_select.h"

#include <math.h>

enum { LANES = 16, PASSES = 14 };

static int64_t count_from(const float *row, int64_t n, float least) {
    int32_t count = 0;
    for (int64_t i = 0; i < n; i++) {
        count += row[i] >= least;
    }
    return count;
}

struct range {
    float low, high; /* count(>= low) = from_low >= k > count(> high) = above_high */
    int64_t from_low, above_high;
};

/* The whole row.  False if there is a NaN. */
static int whole_range(const float *row, int64_t n, struct range *out) {
    float least[LANES], most[LANES];
    for (int i = 0; i < LANES; i++) {
        least[i] = most[i] = row[0];
    }
    int64_t at = 0;
    for (; at + LANES <= n; at += LANES) {
        for (int i = 0; i < LANES; i++) {
            least[i] = row[at + i] < least[i] ? row[at + i] : least[i];
            most[i] = row[at + i] > most[i] ? row[at + i] : most[i];
        }
    }
    for (; at < n; at++) {
        least[0] = row[at] < least[0] ? row[at] : least[0];
        most[0] = row[at] > most[0] ? row[at] : most[0];
    }
    for (int i = 1; i < LANES; i++) {
        least[0] = least[i] < least[0] ? least[i] : least[0];
        most[0] = most[i] > most[0] ? most[i] : most[0];
    }
    *out = (struct range){least[0], most[0], n, 0};
    return count_from(row, n, least[0]) == n;
}

static void narrow(const float *row, int64_t n, int64_t k, struct range *r) {
    const int64_t few = n / 64 > LANES ? n / 64 : LANES;
    for (int pass = 0; pass < PASSES && r->from_low - r->above_high > few; pass++) {
        const float middle = r->low / 2 + r->high / 2;
        if (!(middle > r->low && middle <= r->high)) { /* adjacent, or infinite */
            return;
        }
        const int64_t count = count_from(row, n, middle);
        if (count >= k) {
            r->low = middle;
            r->from_low = count;
        } else {
            r->high = nextafterf(middle, -INFINITY);
            r->above_high = count;
        }
        if (count == k) {
            return;
        }
    }
}

/* The k-th largest of values (n), which are put into another order. */
static float kth_largest(float *values, int64_t n, int64_t k) {
    int64_t left = 0, right = n - 1;
    while (left < right) {
        const float pivot = values[left + (right - left) / 2];
        int64_t i = left, j = right;
        while (i <= j) {
            while (values[i] > pivot) {
                i++;
            }
            while (values[j] < pivot) {
                j--;
            }
            if (i <= j) {
                const float held = values[i];
                values[i++] = values[j];
                values[j--] = held;
            }
        }
        if (k - 1 <= j) {
            right = j;
        } else if (k - 1 >= i) {
            left = i;
        } else {
            break;
        }
    }
    return values[k - 1];
}

/* Leaves k of the `listed` indices: those above the k-th largest value, and of those equal to it
 * the first. */
static void drop_surplus(const float *row, const struct range *r, int64_t k, int32_t *chosen,
                         float *space) {
    int64_t inside = 0, kept = 0;
    for (int64_t i = 0; i < r->from_low; i++) {
        space[inside] = row[chosen[i]];
        inside += row[chosen[i]] <= r->high;
    }
    const float kth = kth_largest(space, inside, k - r->above_high);
    int64_t above = r->above_high;
    for (int64_t i = 0; i < inside; i++) {
        above += space[i] > kth;
    }
    int64_t equal_left = k - above;
    for (int64_t i = 0; i < r->from_low; i++) {
        const float value = row[chosen[i]];
        const int keep = value > kth || (value == kth && equal_left > 0);
        equal_left -= value == kth;
        chosen[kept] = chosen[i];
        kept += keep;
    }
}

/* k indices of the row, of which the range is one. */
static void select_from(const float *row, int64_t n, int64_t k, struct range r, int32_t *chosen,
                        float *space) {
    narrow(row, n, k, &r);
    list_from(row, n, r.low, chosen);
    if (r.from_low > k) {
        drop_surplus(row, &r, k, chosen, space);
    }
}

/* --- long rows -------------------------------------------------------------------------------- */

/* About a SAMPLE of values, evenly spaced. */
enum { SAMPLE = 4096, SAMPLED_FROM = 16 * SAMPLE };

/* The k-th largest of a sample (size), of which r is the range; chosen and space are for working
 * in. */
static float kth_of_sample(const float *sample, int64_t size, struct range r, int64_t k,
                           int32_t *chosen, float *space) {
    select_from(sample, size, k, r, chosen, space);
    float least = sample[chosen[0]];
    for (int64_t i = 1; i < k; i++) {
        least = sample[chosen[i]] < least ? sample[chosen[i]] : least;
    }
    return least;
}

/* Counts what lies around the range; false if it does not hold the k-th, or there is a NaN. */
static int count_around(const float *row, int64_t n, int64_t k, struct range *r) {
    int32_t below = 0, from = 0, above = 0;
    for (int64_t i = 0; i < n; i++) {
        below += row[i] < r->low;
        from += row[i] >= r->low;
        above += row[i] > r->high;
    }
    r->from_low = from;
    r->above_high = above;
    return (int64_t)below + from == n && from >= k && above < k;
}

/* The range between two ranks of a sample, four standard deviations to both sides of the k-th.
 * False if the sample misleads, or the k-th is too near to the end. */
static int guess_range(const float *row, int64_t n, int64_t k, int32_t *chosen, float *space,
                       struct range *out) {
    const int64_t step = n / SAMPLE, size = (n + step - 1) / step;
    const double share = (double)k / (double)n, rank = share * (double)size;
    const double slack = 4 * sqrt(rank * (1 - share)) + 4;
    const int64_t low = (int64_t)(rank + slack) + 1, high = (int64_t)(rank - slack);
    float *const rest = space + size;
    struct range all;
    for (int64_t i = 0; i < size; i++) {
        space[i] = row[i * step];
    }
    if (low > size || !whole_range(space, size, &all)) {
        return 0;
    }
    out->low = kth_of_sample(space, size, all, low, chosen, rest);
    out->high = high < 1 ? INFINITY : kth_of_sample(space, size, all, high, chosen, rest);
    return count_around(row, n, k, out);
}

int64_t ATTENTION_SELECT(const float *row, int64_t n, int64_t k, int32_t *chosen, float *space) {
    struct range r;
    const int guessed = n >= SAMPLED_FROM && guess_range(row, n, k, chosen, space, &r);
    if (!guessed && !whole_range(row, n, &r)) {
        return -1;
    }
    select_from(row, n, k, r, chosen, space);
    return k;
}
