/* hnswlib's HierarchicalNSW as a graph_impl, with the library's distance function for this CPU.
 *
 * It computes the distance of the node that it enters level 0 at twice; that counts once. */
#include "graph_hnswlib_distance.h"
#include "graph_hnswlib_inner.h"
#include "graph_library.h"

extern "C" {
#include "../../../harness/base/cpu.h"
#include "../../../harness/base/memory.h"
#include "../../../harness/base/workers.h"
}

namespace {

using graph_library::Found;
using graph_library::Links;

const char *const library = "hnswlib";

graph_hnswlib_distance *distance_for(size_t d) {
    const uint32_t isa = cpu_isa();
    return isa & ISA_AVX512 ? graph_hnswlib_distance_avx512(d)
           : isa & ISA_AVX2 ? graph_hnswlib_distance_avx2(d)
                            : hnswlib::InnerProductSpace(d).get_dist_func();
}

class Space : public hnswlib::SpaceInterface<float> {
  public:
    explicit Space(size_t dimensions) : d(dimensions), distance(distance_for(dimensions)) {}
    size_t get_data_size() override { return d * sizeof(float); }
    hnswlib::DISTFUNC<float> get_dist_func() override { return distance; }
    void *get_dist_func_param() override { return &d; }

  private:
    size_t d;
    graph_hnswlib_distance *distance;
};

struct Index {
    explicit Index(const struct graph_params &p)
        : params(p), space(static_cast<size_t>(p.d)),
          nodes(&space, static_cast<size_t>(p.capacity), static_cast<size_t>(p.m),
                static_cast<size_t>(p.ef_construction), p.seed) {
        /* Before it is written to: a walk over 4 KiB pages waits for address translation, and the
         * flat searches that it is compared with do not. */
        mem_prefer_huge_pages(nodes.data_level0_memory_,
                              nodes.max_elements_ * nodes.size_data_per_element_);
    }
    int64_t size() const { return static_cast<int64_t>(nodes.cur_element_count); }
    struct graph_params params;
    Space space;
    hnswlib::HierarchicalNSW<float> nodes;
    mutable std::shared_mutex lock; /* of nodes.ef_ */
};

float score(float distance) { return 1.0F - distance; }

/* By the library's own numbers of nodes; they are the labels where one thread inserted. */
Links links_of(const Index &index, int32_t node, int32_t level) {
    auto *list = index.nodes.get_linklist_at_level(static_cast<hnswlib::tableint>(node), level);
    const size_t count = *reinterpret_cast<const unsigned short *>(list);
    return {reinterpret_cast<const int32_t *>(list + 1), count};
}

int32_t label_of(const Index &index, int32_t node) {
    return static_cast<int32_t>(index.nodes.getExternalLabel(static_cast<hnswlib::tableint>(node)));
}

enum status open_index(const struct graph_params *params, void **index) {
    const enum status st = graph_library::check_open(library, params);
    return st != ST_OK ? st : graph_library::guarded(library, [&] {
        *index = new Index(*params);
        return ST_OK;
    });
}

struct Insertion {
    Index *into;
    const float *vectors;
    int64_t first; /* label of the first vector */
    std::exception_ptr thrown;
    std::mutex lock; /* of thrown */
};

void insert(void *arg, int64_t item) {
    auto *insertion = static_cast<Insertion *>(arg);
    Index *into = insertion->into;
    try {
        into->nodes.addPoint(insertion->vectors + item * into->params.d,
                             static_cast<size_t>(insertion->first + item));
    } catch (...) {
        const std::lock_guard<std::mutex> locked(insertion->lock);
        insertion->thrown = std::current_exception();
    }
}

enum status add(void *index, const float *vectors, int64_t count, int threads) {
    auto *to = static_cast<Index *>(index);
    const enum status st = graph_library::check_room(library, &to->params, to->size(), count);
    return st != ST_OK ? st : graph_library::guarded(library, [&] {
        Insertion insertion{to, vectors, to->size(), nullptr, {}};
        workers_run(threads, count, insert, &insertion);
        if (insertion.thrown) {
            std::rethrow_exception(insertion.thrown);
        }
        return ST_OK;
    });
}

enum status export_links(const void *index, struct graph_links *out) {
    const auto &from = *static_cast<const Index *>(index);
    const enum status st =
        graph_links_new(from.size(), from.nodes.maxlevel_ + 1, from.params.m, out);
    if (st != ST_OK || out->n == 0) {
        return st;
    }
    out->entry = label_of(from, static_cast<int32_t>(from.nodes.enterpoint_node_));
    for (int32_t node = 0; node < out->n; node++) {
        const int32_t id = label_of(from, node);
        out->level[id] = from.nodes.element_levels_[static_cast<size_t>(node)];
        for (int32_t level = 0; level <= out->level[id]; level++) {
            const Links links = links_of(from, node, level);
            int32_t *to = out->links[level] + static_cast<int64_t>(id) * out->width[level];
            std::transform(links.ids, links.ids + links.count, to,
                           [&](int32_t other) { return label_of(from, other); });
        }
    }
    return ST_OK;
}

/* The index to the twin, for one query; the twin's ids are the library's numbers. */
class Graph {
  public:
    Graph(const Index &of, const float *for_query) : index(of), query(for_query) {}
    size_t size() const { return index.nodes.cur_element_count; }
    int32_t entry() const { return static_cast<int32_t>(index.nodes.enterpoint_node_); }
    int32_t highest() const { return index.nodes.maxlevel_; }
    float distance(int32_t id) const {
        const char *vector = index.nodes.getDataByInternalId(static_cast<hnswlib::tableint>(id));
        return index.nodes.fstdistfunc_(query, vector, index.nodes.dist_func_param_);
    }
    Links links(int32_t id, int32_t level) const { return links_of(index, id, level); }

  private:
    const Index &index;
    const float *query;
};

std::vector<Found> ask(const Index &index, const float *query, int64_t k, size_t ef) {
    auto nearest =
        graph_library::asked_with(index.lock, const_cast<size_t &>(index.nodes.ef_), ef, [&] {
            return index.nodes.searchKnn(query, static_cast<size_t>(k));
        });
    std::vector<Found> found(nearest.size());
    for (size_t i = found.size(); i-- > 0; nearest.pop()) {
        found[i] = {nearest.top().first, static_cast<int32_t>(nearest.top().second)};
    }
    return found;
}

int64_t search(const void *index, const float *query, int64_t k, int32_t ef, int32_t *ids,
               float *scores, struct graph_counts *counts) {
    const auto &in = *static_cast<const Index *>(index);
    int64_t count = -1;
    graph_library::guarded(library, [&] {
        const auto wanted = static_cast<size_t>(std::max<int64_t>(ef, k));
        std::vector<Found> found;
        if (in.size() > 0 && counts == nullptr) {
            found = ask(in, query, k, wanted);
        } else if (in.size() > 0) {
            const Graph graph(in, query);
            found = graph_library::Twin<Graph>(graph, in.params.d, counts).search(wanted);
            for (Found &f : found) {
                f.id = label_of(in, f.id);
            }
        }
        count = graph_library::give(found, k, ids, scores, score);
        return ST_OK;
    });
    return count;
}

int64_t size(const void *index) { return static_cast<const Index *>(index)->size(); }

void close_index(void *index) { delete static_cast<Index *>(index); }

} // namespace

extern "C" {
extern const struct graph_impl graph_hnswlib_impl;
const struct graph_impl graph_hnswlib_impl = {open_index, add,  nullptr,     export_links,
                                              search,     size, close_index, false};
}
