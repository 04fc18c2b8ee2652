/* FAISS IndexHNSWFlat as a graph_impl.  FAISS 1.7.3 has no C interface to it, and its counters
 * leave out the levels above 0 and the hops.
 *
 * Its search keeps max(efSearch, k) candidates but stops by efSearch alone, so efSearch is set to
 * max(ef, k).  It inserts and searches on OpenMP's threads, whose number is set around each call.
 */
#include <faiss/IndexHNSW.h>
#include <faiss/impl/AuxIndexStructures.h>
#include <faiss/impl/DistanceComputer.h>
#include <omp.h>

#include <memory>

#include "graph_library.h"

namespace {

using graph_library::Found;
using graph_library::Links;

const char *const library = "faiss";

struct Index {
    explicit Index(const struct graph_params &p)
        : params(p), flat(p.d, p.m, faiss::METRIC_INNER_PRODUCT) {
        flat.hnsw.efConstruction = p.ef_construction;
        flat.hnsw.rng = faiss::RandomGenerator(static_cast<int64_t>(p.seed));
    }
    struct graph_params params;
    faiss::IndexHNSWFlat flat;
    mutable std::shared_mutex lock; /* of flat.hnsw.efSearch */
};

class Threads {
  public:
    explicit Threads(int count) : before(omp_get_max_threads()) { omp_set_num_threads(count); }
    ~Threads() { omp_set_num_threads(before); }
    Threads(const Threads &) = delete;
    Threads &operator=(const Threads &) = delete;

  private:
    int before;
};

float score(float distance) { return -distance; }

Links links_of(const faiss::HNSW &hnsw, int32_t id, int32_t level) {
    size_t begin = 0, end = 0;
    hnsw.neighbor_range(id, level, &begin, &end);
    const int32_t *first = hnsw.neighbors.data() + begin;
    return {first, static_cast<size_t>(std::find(first, first + (end - begin), -1) - first)};
}

enum status open_index(const struct graph_params *params, void **index) {
    const enum status st = graph_library::check_open(library, params);
    return st != ST_OK ? st : graph_library::guarded(library, [&] {
        *index = new Index(*params);
        return ST_OK;
    });
}

enum status add(void *index, const float *vectors, int64_t count, int threads) {
    auto *to = static_cast<Index *>(index);
    const enum status st = graph_library::check_room(library, &to->params, to->flat.ntotal, count);
    return st != ST_OK ? st : graph_library::guarded(library, [&] {
        const Threads set(threads);
        to->flat.add(count, vectors);
        return ST_OK;
    });
}

enum status export_links(const void *index, struct graph_links *out) {
    const auto *from = static_cast<const Index *>(index);
    const faiss::HNSW &hnsw = from->flat.hnsw;
    const enum status st =
        graph_links_new(from->flat.ntotal, hnsw.max_level + 1, from->params.m, out);
    if (st != ST_OK) {
        return st;
    }
    out->entry = hnsw.entry_point;
    for (int32_t id = 0; id < out->n; id++) {
        out->level[id] = hnsw.levels[static_cast<size_t>(id)] - 1;
        for (int32_t level = 0; level <= out->level[id]; level++) {
            const Links links = links_of(hnsw, id, level);
            std::copy_n(links.ids, links.count,
                        out->links[level] + static_cast<int64_t>(id) * out->width[level]);
        }
    }
    return ST_OK;
}

/* The index to the twin, for one query. */
class Graph {
  public:
    Graph(const faiss::IndexHNSWFlat &index, const float *query)
        : hnsw(index.hnsw), product(index.storage->get_distance_computer()) {
        product->set_query(query);
    }
    size_t size() const { return hnsw.levels.size(); }
    int32_t entry() const { return hnsw.entry_point; }
    int32_t highest() const { return hnsw.max_level; }
    float distance(int32_t id) const { return -(*product)(id); }
    Links links(int32_t id, int32_t level) const { return links_of(hnsw, id, level); }

  private:
    const faiss::HNSW &hnsw;
    std::unique_ptr<faiss::DistanceComputer> product;
};

/* With FAISS's own list of candidates, which in 1.7.3 miscounts those that wait: dropping one that
 * was visited long ago, it counts one less, so that some searches end before the paper's. */
class Twin : public graph_library::Twin<Graph> {
  public:
    using graph_library::Twin<Graph>::Twin;

  protected:
    std::set<Found> nearest_to(Found start, size_t ef) override {
        faiss::HNSW::MinimaxHeap waiting(static_cast<int>(ef));
        std::set<Found> best = {start};
        std::vector<bool> seen(graph.size());
        seen[static_cast<size_t>(start.id)] = true;
        waiting.push(start.id, start.distance);
        while (waiting.size() > 0) {
            const Links links = read(waiting.pop_min(), 0);
            for (size_t i = 0; i < links.count; i++) {
                const auto id = static_cast<size_t>(links.ids[i]);
                if (seen[id]) {
                    continue;
                }
                seen[id] = true;
                const Found next = evaluated(links.ids[i]);
                waiting.push(next.id, next.distance);
                best.insert(next);
                if (best.size() > ef) {
                    best.erase(std::prev(best.end()));
                }
            }
        }
        return best;
    }
};

std::vector<Found> ask(const Index &index, const float *query, int64_t k, int32_t ef) {
    std::vector<float> products(static_cast<size_t>(k));
    std::vector<faiss::Index::idx_t> labels(static_cast<size_t>(k));
    const Threads one(1);
    graph_library::asked_with(index.lock, const_cast<int &>(index.flat.hnsw.efSearch), ef, [&] {
        index.flat.search(1, query, k, products.data(), labels.data());
    });
    std::vector<Found> found;
    found.reserve(labels.size());
    for (size_t i = 0; i < labels.size() && labels[i] >= 0; i++) {
        found.push_back({-products[i], static_cast<int32_t>(labels[i])});
    }
    return found;
}

int64_t search(const void *index, const float *query, int64_t k, int32_t ef, int32_t *ids,
               float *scores, struct graph_counts *counts) {
    const auto *in = static_cast<const Index *>(index);
    int64_t count = -1;
    graph_library::guarded(library, [&] {
        const int64_t wanted = std::min(std::max<int64_t>(ef, k), in->flat.ntotal);
        std::vector<Found> found;
        if (wanted > 0 && counts == nullptr) {
            found = ask(*in, query, k, static_cast<int32_t>(wanted));
        } else if (wanted > 0) {
            const Graph graph(in->flat, query);
            found = Twin(graph, in->params.d, counts).search(static_cast<size_t>(wanted));
        }
        count = graph_library::give(found, k, ids, scores, score);
        return ST_OK;
    });
    return count;
}

int64_t size(const void *index) { return static_cast<const Index *>(index)->flat.ntotal; }

void close_index(void *index) { delete static_cast<Index *>(index); }

} // namespace

extern "C" {
extern const struct graph_impl graph_faiss_impl;
const struct graph_impl graph_faiss_impl = {open_index, add,  nullptr,     export_links,
                                            search,     size, close_index, true};
}
