/* Graph kernels beyond what verification runs: many threads, empty and full indices, the oracle by
 * hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <pthread.h>
#include <string.h>

#include "../../../datasets/rng.h"
#include "../../../harness/base/memory.h"
#include "../../../harness/judge/kernel.h"
#include "../../../reference/hnsw.h"
#include "../graph.h"

enum { N = 1500, D = 32, K = 10, QUERIES = 32, CENTRES = 40 };

static const struct graph_params params = {D, 12, 60, N, 5};

/* Unit vectors around CENTRES centres. */
static void unit_vector(uint32_t stream, uint64_t row, float *out) {
    double centre[D], own[D], sum = 0;
    rng_gaussians(3, 9, row % CENTRES, centre, D);
    rng_gaussians(3, stream, row, own, D);
    for (int i = 0; i < D; i++) {
        centre[i] += 0.5 * own[i];
        sum += centre[i] * centre[i];
    }
    for (int i = 0; i < D; i++) {
        out[i] = (float)(centre[i] / sqrt(sum));
    }
}

static float vectors[N * D], queries[QUERIES * D];

static int make_vectors(void **state) {
    (void)state;
    for (uint64_t i = 0; i < N; i++) {
        unit_vector(1, i, vectors + i * D);
    }
    for (uint64_t i = 0; i < QUERIES; i++) {
        unit_vector(2, i, queries + i * D);
    }
    return 0;
}

/* Calls fn for each kernel that can run here; returns how many. */
static int for_each_kernel(void (*fn)(const struct graph_impl *impl)) {
    int count = 0;
    for (size_t i = 0; kernels[i] != NULL; i++) {
        if (strcmp(kernels[i]->operation, "graph") == 0 && kernel_unavailable(kernels[i]) == NULL) {
            fn(kernels[i]->impl);
            count++;
        }
    }
    return count;
}

static void *grown(const struct graph_impl *impl, int threads) {
    void *index = NULL;
    assert_int_equal(impl->open(&params, &index), ST_OK);
    assert_int_equal(impl->add(index, vectors, N, threads), ST_OK);
    assert_int_equal(impl->size(index), N);
    return index;
}

/* A kernel's index of the vectors; one that adopts takes what `builder` built. */
static void *built(const struct graph_impl *impl, const struct graph_impl *builder, int threads) {
    if (impl->add != NULL) {
        return grown(impl, threads);
    }
    void *other = grown(builder, threads), *index = NULL;
    struct graph_links links;
    assert_int_equal(builder->links(other, &links), ST_OK);
    assert_int_equal(impl->adopt(&params, &links, vectors, &index), ST_OK);
    graph_links_free(&links);
    builder->close(other);
    return index;
}

static const struct graph_impl *faiss(void) { return kernel_find("graph/faiss")->impl; }

/* --- threads ---------------------------------------------------------------------------------- */

struct answers {
    const struct graph_impl *impl;
    const void *index;
    int32_t ef;
    int32_t ids[QUERIES * K];
    float scores[QUERIES * K];
};

static void *answer_all(void *arg) {
    struct answers *a = arg;
    for (int q = 0; q < QUERIES; q++) {
        const int64_t found = a->impl->search(a->index, queries + q * D, K, a->ef, a->ids + q * K,
                                              a->scores + q * K, NULL);
        if (found != K) {
            a->ids[q * K] = -1;
        }
    }
    return NULL;
}

/* Each thread has its own ef, which the libraries keep in the index. */
static void threads_do_not_disturb_each_other(const struct graph_impl *impl) {
    enum { THREADS = 4, ROUNDS = 5 };
    static struct answers alone[THREADS], together[THREADS];
    static const int32_t efs[THREADS] = {10, 40, 10, 160};
    void *index = built(impl, faiss(), 1);
    for (int t = 0; t < THREADS; t++) {
        alone[t].impl = together[t].impl = impl;
        alone[t].index = together[t].index = index;
        alone[t].ef = together[t].ef = efs[t];
        answer_all(&alone[t]);
        assert_true(alone[t].ids[0] >= 0);
    }
    for (int round = 0; round < ROUNDS; round++) {
        pthread_t threads[THREADS];
        for (int t = 0; t < THREADS; t++) {
            assert_int_equal(pthread_create(&threads[t], NULL, answer_all, &together[t]), 0);
        }
        for (int t = 0; t < THREADS; t++) {
            assert_int_equal(pthread_join(threads[t], NULL), 0);
            assert_memory_equal(together[t].ids, alone[t].ids, sizeof alone[t].ids);
            assert_memory_equal(together[t].scores, alone[t].scores, sizeof alone[t].scores);
        }
    }
    impl->close(index);
}

static void searches_are_re_entrant(void **state) {
    (void)state;
    assert_true(for_each_kernel(threads_do_not_disturb_each_other) >= 2);
}

/* Threads insert in any order; the ids are those of the vectors all the same. */
static void check_found(const struct graph_impl *impl, const void *index) {
    int found = 0;
    for (int i = 0; i < N; i++) {
        int32_t id;
        float score;
        assert_int_equal(impl->search(index, vectors + i * D, 1, 64, &id, &score, NULL), 1);
        found += id == i;
    }
    assert_true(found >= N * 98 / 100);
}

static void find_what_threads_inserted(const struct graph_impl *impl) {
    void *index = built(impl, faiss(), 3);
    check_found(impl, index);
    impl->close(index);
}

static void threads_insert(void **state) {
    (void)state;
    assert_true(for_each_kernel(find_what_threads_inserted) >= 2);
}

static void threads_of_hnswlib_are_exported_by_id(void **state) {
    (void)state;
    const struct kernel *hnswlib = kernel_find("graph/hnswlib");
    const struct graph_impl *flat = kernel_find("graph/flat_scalar")->impl;
    if (kernel_unavailable(hnswlib) != NULL) {
        skip();
    }
    void *index = built(flat, hnswlib->impl, 3);
    check_found(flat, index);
    flat->close(index);
}

/* --- limits ----------------------------------------------------------------------------------- */

static void limits_of(const struct graph_impl *impl) {
    if (impl->add == NULL) {
        return;
    }
    void *index = NULL;
    struct graph_links links;
    int32_t id;
    float score;
    assert_int_equal(impl->open(&params, &index), ST_OK);
    assert_int_equal(impl->search(index, queries, 1, 8, &id, &score, NULL), 0);
    assert_int_equal(impl->links(index, &links), ST_OK);
    assert_int_equal(links.levels, 0);
    graph_links_free(&links);
    assert_int_equal(impl->add(index, vectors, N, 1), ST_OK);
    assert_int_equal(impl->add(index, vectors, 1, 1), ST_INPUT);
    assert_int_equal(impl->size(index), N);
    impl->close(index);
    const struct graph_params one_link = {D, 1, 60, N, 5};
    assert_int_equal(impl->open(&one_link, &index), ST_INPUT);
}

static void indices_have_limits(void **state) {
    (void)state;
    assert_true(for_each_kernel(limits_of) >= 2);
}

static void an_empty_graph_is_adopted(void **state) {
    (void)state;
    const struct graph_impl *flat = kernel_find("graph/flat_scalar")->impl;
    struct graph_links links;
    void *index = NULL;
    int32_t id;
    float score;
    assert_int_equal(graph_links_new(0, 0, 12, &links), ST_OK);
    assert_int_equal(flat->adopt(&params, &links, NULL, &index), ST_OK);
    assert_int_equal(flat->search(index, queries, 1, 8, &id, &score, NULL), 0);
    flat->close(index);
    graph_links_free(&links);
    assert_int_equal(graph_links_new(1, GRAPH_LEVELS + 1, 12, &links), ST_INPUT);
}

/* Marks of visited nodes are told apart by 16 bits. */
static void marks_survive_many_searches(void **state) {
    (void)state;
    enum { SEARCHES = (1 << 16) + 100, SMALL = 20 };
    const struct graph_impl *flat = kernel_find("graph/flat_scalar")->impl;
    const struct graph_params small = {D, 4, 20, SMALL, 5};
    struct graph_links links;
    void *other = NULL, *index = NULL;
    assert_int_equal(faiss()->open(&small, &other), ST_OK);
    assert_int_equal(faiss()->add(other, vectors, SMALL, 1), ST_OK);
    assert_int_equal(faiss()->links(other, &links), ST_OK);
    assert_int_equal(flat->adopt(&small, &links, vectors, &index), ST_OK);
    int32_t ids[SMALL], first[SMALL];
    float scores[SMALL];
    assert_int_equal(flat->search(index, queries, SMALL, 1, first, scores, NULL), SMALL);
    for (int i = 0; i < SEARCHES; i++) {
        assert_int_equal(flat->search(index, queries, SMALL, 1, ids, scores, NULL), SMALL);
        assert_memory_equal(ids, first, sizeof first);
    }
    flat->close(index);
    faiss()->close(other);
    graph_links_free(&links);
}

/* --- oracle ----------------------------------------------------------------------------------- */

/* On the line, by inner product with 1: the largest is the nearest.  Level 1: 0 - 2.  Level 0: each
 * with its neighbours, 0 - 1 - 2 - 3 - 4. */
static void the_oracle_counts_as_by_hand(void **state) {
    (void)state;
    static const float line[] = {0, 1, 2, 3, 4}, query[] = {1};
    static const int32_t ground[] = {1, -1, 0, 2, 1, 3, 2, 4, 3, -1}, upper[] = {2, -1, 0, -1, -1},
                         width[] = {2, 1};
    static const int32_t *const links[] = {ground, upper};
    const struct ref_hnsw g = {line, 5, 1, 2, 0, width, links};
    struct ref_hnsw_counts counts;
    int32_t ids[2];
    double scores[2];
    assert_int_equal(ref_hnsw_search(&g, query, 2, 2, ids, scores, &counts), 2);
    assert_int_equal(ids[0], 4);
    assert_int_equal(ids[1], 3);
    assert_true(scores[0] == 4 && scores[1] == 3);
    /* Level 1: 0; 2 from 0, better; 0 from 2, not.  Level 0: 1 and 3 from 2, 4 from 3. */
    assert_int_equal(counts.evaluations, 3 + 3);
    assert_int_equal(counts.lowest, 3);
    /* Level 1: of 0 and 2.  Level 0: of 2, 3 and 4; then 2 has left the best two, and so has 1. */
    assert_int_equal(counts.hops, 2 + 3);
    assert_int_equal(counts.links, 1 + 1 + 2 + 2 + 1);
}

static void of_equal_scores_the_smaller_id_is_found(void **state) {
    (void)state;
    static const float same[] = {7, 7, 7}, query[] = {1};
    static const int32_t ground[] = {2, 1, 0, 2, 0, 1}, width[] = {2};
    static const int32_t *const links[] = {ground};
    const struct ref_hnsw g = {same, 3, 1, 1, 1, width, links};
    struct ref_hnsw_counts counts;
    int32_t ids[2];
    double scores[2];
    assert_int_equal(ref_hnsw_search(&g, query, 2, 2, ids, scores, &counts), 2);
    assert_int_equal(ids[0], 0);
    assert_int_equal(ids[1], 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(searches_are_re_entrant),
        cmocka_unit_test(threads_insert),
        cmocka_unit_test(threads_of_hnswlib_are_exported_by_id),
        cmocka_unit_test(indices_have_limits),
        cmocka_unit_test(an_empty_graph_is_adopted),
        cmocka_unit_test(marks_survive_many_searches),
        cmocka_unit_test(the_oracle_counts_as_by_hand),
        cmocka_unit_test(of_equal_scores_the_smaller_id_is_found),
    };
    return cmocka_run_group_tests_name("graph", tests, make_vectors, NULL);
}
