/* The CUDA kernel: its top-k lists on the CPU everywhere, its searches where there is a card. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../../harness/judge/kernel.h"
#include "../cuda/device.h"
#include "../cuda/topk.h"
#include "../knn.h"

extern const struct kernel kernel_l2_scan_cuda_f32;

static uint32_t state;

/* Whole numbers below `bound` from a linear congruential generator (Knuth, TAOCP 3.3.4, line 26).
 */
static int draw(int bound) {
    state = state * 1664525u + 1013904223u;
    return (int)((uint64_t)(state >> 8) * (uint64_t)bound >> 24);
}

static int by_key(const void *a, const void *b) {
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* --- top-k lists ----------------------------------------------------------------------------- */

static void keys_order_by_distance_then_id(void **unused) {
    (void)unused;
    const float distances[] = {0.0f, 1e-45f, 1e-30f, 1.0f, 1.0000001f, 3e38f, INFINITY};
    const size_t count = sizeof distances / sizeof distances[0];
    for (size_t i = 0; i < count; i++) {
        assert_true(topk_distance(topk_key(distances[i], 7)) == distances[i]);
        assert_int_equal(topk_id(topk_key(distances[i], INT32_MAX)), INT32_MAX);
        assert_true(topk_key(distances[i], 3) < topk_key(distances[i], 4));
        assert_true(topk_key(distances[i], INT32_MAX) < TOPK_EMPTY);
        if (i > 0)
            assert_true(topk_key(distances[i - 1], INT32_MAX) < topk_key(distances[i], 0));
    }
}

/* Moves all places at once from the list as it was, as the lanes of a warp do. */
static void insert(uint64_t *list, int k, uint64_t key) {
    uint64_t moved[TOPK_MAX];
    for (int p = 0; p < k; p++)
        moved[p] = topk_shifted(list, p, key);
    memcpy(list, moved, (size_t)k * sizeof *list);
}

static void insertion_keeps_the_smallest(void **unused) {
    (void)unused;
    enum { KEYS = 500 };
    static const int sizes[] = {1, 2, 10, 33, TOPK_MAX};
    state = 1;
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        uint64_t keys[KEYS], list[TOPK_MAX];
        for (int i = 0; i < TOPK_MAX; i++)
            list[i] = TOPK_EMPTY;
        for (int i = 0; i < KEYS; i++) {
            keys[i] = topk_key((float)draw(40), i); /* many ties */
            insert(list, sizes[s], keys[i]);
        }
        qsort(keys, KEYS, sizeof *keys, by_key);
        assert_memory_equal(list, keys, (size_t)sizes[s] * sizeof *list);
    }
}

static void ranks_join_lists(void **unused) {
    (void)unused;
    enum { LISTS = 5, K = 12, STRIDE = 16, FILLED = LISTS * K - 3 };
    uint64_t lists[LISTS * STRIDE], all[LISTS * K], joined[K];
    state = 2;
    memset(lists, 0, sizeof lists); /* what lies between the lists must not count */
    for (int i = 0; i < LISTS * K; i++)
        all[i] = i < FILLED ? topk_key((float)draw(9), i) : TOPK_EMPTY;
    for (int i = 0; i < LISTS; i++) {
        memcpy(lists + i * STRIDE, all + i * K, K * sizeof *all);
        qsort(lists + i * STRIDE, K, sizeof *lists, by_key);
    }
    memset(joined, 0, sizeof joined);
    for (int i = 0; i < FILLED; i++) {
        const int rank = topk_rank(lists, LISTS, STRIDE, K, all[i]);
        if (rank < K)
            joined[rank] = all[i];
    }
    qsort(all, LISTS * K, sizeof *all, by_key);
    assert_memory_equal(joined, all, sizeof joined);
}

/* --- the row and the device ------------------------------------------------------------------ */

static void row_says_whether_it_can_run(void **unused) {
    (void)unused;
    struct cuda_device device;
    char why[160] = "";
    const char *reason = kernel_l2_scan_cuda_f32.unavailable();
    assert_string_equal(kernel_l2_scan_cuda_f32.name, "l2_scan/cuda_f32");
    assert_int_equal(kernel_l2_scan_cuda_f32.backend, BACKEND_CUDA);
    if (cuda_device_query(&device, why, sizeof why)) {
        assert_null(reason);
        assert_true(device.name[0] != '\0');
        assert_int_equal(strlen(device.uuid), strlen("GPU-") + 36);
        assert_true(device.sm_count > 0);
        assert_true(device.memory_bytes > device.l2_bytes && device.l2_bytes > 0);
    } else {
        assert_string_equal(reason, why);
        assert_true(strstr(why, "CUDA device") != NULL || strcmp(why, "built without nvcc") == 0);
    }
}

static void flush_needs_a_device(void **unused) {
    (void)unused;
    const enum status st = cuda_flush_l2();
    if (cuda_unavailable() == NULL) {
        assert_int_equal(st, ST_OK);
    } else {
        assert_int_equal(st, ST_SYSTEM);
        assert_non_null(strstr(status_message(), cuda_unavailable()));
    }
}

/* --- searches -------------------------------------------------------------------------------- */

struct problem {
    int n, d, nq, k;
    bool whole; /* small whole numbers: arithmetic is exact, ties abound */
};

static void *filled(size_t count, bool whole) {
    float *v = malloc(count * sizeof *v);
    assert_non_null(v);
    for (size_t i = 0; i < count; i++)
        v[i] = whole ? (float)(draw(3) - 1) : (float)draw(1 << 20) / (float)(1 << 19) - 1.0f;
    return v;
}

static double distance(const float *a, const float *b, int d) {
    double sum = 0;
    for (int j = 0; j < d; j++)
        sum += ((double)a[j] - (double)b[j]) * ((double)a[j] - (double)b[j]);
    return sum;
}

struct exact {
    double distance;
    int32_t id;
};

static int by_exact(const void *a, const void *b) {
    const struct exact *x = a, *y = b;
    if (x->distance != y->distance)
        return x->distance < y->distance ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

/* One query's answer against the float64 order; whole numbers leave no room at all. */
static void judge(const struct problem *p, const float *base, const float *query,
                  const int32_t *ids, const float *dist, struct exact *order) {
    const double gamma = p->whole ? 0.0 : (p->d + 2) * 0x1p-24 / (1.0 - (p->d + 2) * 0x1p-24);
    for (int i = 0; i < p->n; i++)
        order[i] = (struct exact){distance(base + (size_t)i * (size_t)p->d, query, p->d), i};
    qsort(order, (size_t)p->n, sizeof *order, by_exact);
    for (int r = 0; r < p->k; r++) {
        assert_in_range(ids[r], 0, p->n - 1);
        const double own = distance(base + (size_t)ids[r] * (size_t)p->d, query, p->d);
        assert_false(!(fabs(dist[r] - own) <= gamma * own));
        assert_false(!(fabs(dist[r] - order[r].distance) <= gamma * order[r].distance));
        if (p->whole)
            assert_int_equal(ids[r], order[r].id);
        if (r > 0)
            assert_true(topk_key(dist[r - 1], ids[r - 1]) < topk_key(dist[r], ids[r]));
    }
}

static void need_device(void) {
    if (cuda_unavailable() == NULL)
        return;
    print_message("%s\n", cuda_unavailable());
    skip();
}

static void solve(const struct problem *p) {
    const struct knn_impl *impl = kernel_l2_scan_cuda_f32.impl;
    const size_t answers = (size_t)p->nq * (size_t)p->k;
    float *base = filled((size_t)p->n * (size_t)p->d, p->whole);
    float *queries = filled((size_t)p->nq * (size_t)p->d, p->whole);
    struct exact *order = malloc((size_t)p->n * sizeof *order);
    struct knn_result first = {.ids = malloc(answers * sizeof(int32_t)),
                               .dist = malloc(answers * sizeof(float))};
    struct knn_result again = {.ids = malloc(answers * sizeof(int32_t)),
                               .dist = malloc(answers * sizeof(float))};
    const struct knn_params params = {.k = p->k};
    void *index = NULL;
    assert_true(order && first.ids && first.dist && again.ids && again.dist);
    memset(first.ids, 0xff, answers * sizeof(int32_t));

    assert_int_equal(impl->build(&(struct knn_base){.rows = base, .n = p->n, .d = p->d}, &index),
                     ST_OK);
    if (impl->search(index, queries, p->nq, &params, &first) != ST_OK)
        fail_msg("%s", status_message());
    assert_int_equal(impl->search(index, queries, p->nq, &params, &again), ST_OK);
    impl->destroy(index);

    assert_true(first.device_seconds > 0 && isfinite(first.device_seconds));
    assert_memory_equal(first.ids, again.ids, answers * sizeof(int32_t));
    assert_memory_equal(first.dist, again.dist, answers * sizeof(float));
    for (int q = 0; q < p->nq; q++)
        judge(p, base, queries + (size_t)q * (size_t)p->d, first.ids + (size_t)q * (size_t)p->k,
              first.dist + (size_t)q * (size_t)p->k, order);
    free(base), free(queries), free(order);
    free(first.ids), free(first.dist), free(again.ids), free(again.dist);
}

/* Shapes on both sides of every tile edge and of the change of schedule. */
static void few_queries(void **unused) {
    (void)unused;
    static const struct problem problems[] = {{1, 1, 1, 1, true},        {5, 3, 2, 5, false},
                                              {3000, 17, 1, 10, false},  {20000, 7, 1, 128, true},
                                              {9999, 784, 1, 10, true},  {4097, 1030, 4, 33, false},
                                              {30011, 64, 5, 128, true}, {2000, 513, 12, 1, false}};
    need_device();
    state = 3;
    for (size_t i = 0; i < sizeof problems / sizeof problems[0]; i++)
        solve(&problems[i]);
}

static void many_queries(void **unused) {
    (void)unused;
    static const struct problem problems[] = {
        {1, 1, 13, 1, true},        {127, 16, 13, 127, true},  {128, 15, 64, 128, false},
        {129, 17, 65, 10, true},    {9999, 784, 20, 10, true}, {30011, 5, 200, 100, true},
        {4097, 1030, 63, 33, false}};
    need_device();
    state = 4;
    for (size_t i = 0; i < sizeof problems / sizeof problems[0]; i++)
        solve(&problems[i]);
}

/* All rows equal: the smallest ids must come back, whatever the schedule. */
static void ties_go_to_the_smaller_id(void **unused) {
    (void)unused;
    enum { N = 5000, D = 12, K = 100, NQ = 40 };
    const struct knn_impl *impl = kernel_l2_scan_cuda_f32.impl;
    need_device();
    float *base = calloc((size_t)N * D, sizeof *base);
    float *queries = calloc((size_t)NQ * D, sizeof *queries);
    struct knn_result out = {.ids = malloc(NQ * K * sizeof(int32_t)),
                             .dist = malloc(NQ * K * sizeof(float))};
    void *index = NULL;
    assert_true(base && queries && out.ids && out.dist);
    assert_int_equal(impl->build(&(struct knn_base){.rows = base, .n = N, .d = D}, &index), ST_OK);
    for (int64_t nq = 1; nq <= NQ; nq += NQ - 1) {
        assert_int_equal(impl->search(index, queries, nq, &(struct knn_params){.k = K}, &out),
                         ST_OK);
        for (int i = 0; i < (int)nq * K; i++)
            assert_int_equal(out.ids[i], i % K);
    }
    impl->destroy(index);
    free(base), free(queries), free(out.ids), free(out.dist);
}

static void refuses_k_out_of_range(void **unused) {
    (void)unused;
    const struct knn_impl *impl = kernel_l2_scan_cuda_f32.impl;
    static const float rows[200];
    static const int32_t wrong[] = {-1, 0, TOPK_MAX + 1, INT32_MAX};
    int32_t ids[1];
    float dist[1];
    struct knn_result out = {.ids = ids, .dist = dist};
    void *index = NULL;
    need_device();
    assert_int_equal(impl->build(&(struct knn_base){.rows = rows, .n = 200, .d = 1}, &index),
                     ST_OK);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(impl->search(index, rows, 1, &(struct knn_params){.k = wrong[i]}, &out),
                         ST_INPUT);
    impl->destroy(index);
    assert_int_equal(impl->build(&(struct knn_base){.rows = rows, .n = 4, .d = 1}, &index), ST_OK);
    assert_int_equal(impl->search(index, rows, 1, &(struct knn_params){.k = 5}, &out), ST_INPUT);
    assert_non_null(strstr(status_message(), "1 to 4"));
    impl->destroy(index);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_order_by_distance_then_id),
        cmocka_unit_test(insertion_keeps_the_smallest),
        cmocka_unit_test(ranks_join_lists),
        cmocka_unit_test(row_says_whether_it_can_run),
        cmocka_unit_test(flush_needs_a_device),
        cmocka_unit_test(few_queries),
        cmocka_unit_test(many_queries),
        cmocka_unit_test(ties_go_to_the_smaller_id),
        cmocka_unit_test(refuses_k_out_of_range),
    };
    return cmocka_run_group_tests_name("cuda", tests, NULL, NULL);
}
