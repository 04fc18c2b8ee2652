/* What the shims of the C++ graph libraries share: how a library's one setting of ef is asked for
 * from many threads, and the twin of its search that counts. */
#ifndef ATTEST_SUITES_KERNELS_CPU_GRAPH_LIBRARY_H
#define ATTEST_SUITES_KERNELS_CPU_GRAPH_LIBRARY_H

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <vector>

extern "C" {
#include "../graph.h"
}

namespace graph_library {

/* A node and how far it is: the smaller, the nearer. */
struct Found {
    float distance;
    int32_t id;
    bool operator<(const Found &other) const {
        return distance != other.distance ? distance < other.distance : id < other.id;
    }
};

struct Links {
    const int32_t *ids;
    size_t count;
};

/* Runs body(); what it throws becomes a status. */
template <typename Body> enum status guarded(const char *library, Body body) {
    try {
        return body();
    } catch (const std::exception &e) {
        return status_set(ST_SYSTEM, "%s: %s", library, e.what());
    }
}

inline enum status check_open(const char *library, const struct graph_params *p) {
    return p->d >= 1 && p->m >= 2 && p->ef_construction >= 1 && p->capacity >= 1 &&
                   p->capacity <= INT32_MAX
               ? ST_OK
               : status_set(ST_INPUT,
                            "%s: d %d, m %d, ef_construction %d, capacity %lld: they must be at "
                            "least 1, m 2, and the capacity at most 2^31 - 1",
                            library, p->d, p->m, p->ef_construction,
                            static_cast<long long>(p->capacity));
}

inline enum status check_room(const char *library, const struct graph_params *p, int64_t size,
                              int64_t count) {
    return count <= p->capacity - size
               ? ST_OK
               : status_set(ST_INPUT, "%s: no room for %lld more vectors: %lld of %lld are there",
                            library, static_cast<long long>(count), static_cast<long long>(size),
                            static_cast<long long>(p->capacity));
}

/* Both libraries keep ef in the index.  Searches with the ef that is set go on side by side; one
 * with another waits for them and sets its own. */
template <typename Setting, typename Ask>
auto asked_with(std::shared_mutex &lock, Setting &setting, Setting ef, Ask ask) {
    for (;;) {
        {
            std::shared_lock<std::shared_mutex> reading(lock);
            if (setting == ef) {
                return ask();
            }
        }
        std::unique_lock<std::shared_mutex> writing(lock);
        setting = ef;
    }
}

/* In the contract's order; the libraries leave equal scores in any. */
inline int64_t give(std::vector<Found> &found, int64_t k, int32_t *ids, float *scores,
                    float (*score)(float distance)) {
    if (!std::is_sorted(found.begin(), found.end())) {
        std::sort(found.begin(), found.end());
    }
    const int64_t count = std::min(k, static_cast<int64_t>(found.size()));
    for (int64_t i = 0; i < count; i++) {
        ids[i] = found[static_cast<size_t>(i)].id;
        scores[i] = score(found[static_cast<size_t>(i)].distance);
    }
    return count;
}

/* --- the counting twin ------------------------------------------------------------------------ */

template <typename Graph> class Twin {
  public:
    Twin(const Graph &of, int32_t d, struct graph_counts *into)
        : graph(of), vector_bytes(static_cast<uint64_t>(d) * sizeof(float)), counts(into) {}
    virtual ~Twin() = default;
    Twin(const Twin &) = delete;
    Twin &operator=(const Twin &) = delete;

    /* The ef nearest that the library's own links, with its own distances, lead to. */
    std::vector<Found> search(size_t ef) {
        Found at = evaluated(graph.entry());
        for (int32_t level = graph.highest(); level > 0; level--) {
            at = descended(at, level);
        }
        const uint64_t above = counts->evaluations;
        const std::set<Found> best = nearest_to(at, ef);
        counts->lowest += counts->evaluations - above;
        return {best.begin(), best.end()};
    }

  protected:
    Found evaluated(int32_t id) {
        counts->evaluations++;
        counts->bytes += vector_bytes;
        return {graph.distance(id), id};
    }

    Links read(int32_t id, int32_t level) {
        const Links links = graph.links(id, level);
        counts->hops++;
        counts->bytes += links.count * sizeof(int32_t);
        return links;
    }

    /* Algorithm 2 of the paper on level 0. */
    virtual std::set<Found> nearest_to(Found start, size_t ef) {
        std::set<Found> best = {start}, waiting = {start};
        std::vector<bool> seen(graph.size());
        seen[static_cast<size_t>(start.id)] = true;
        while (!waiting.empty()) {
            const Found at = *waiting.begin();
            if (*best.rbegin() < at) {
                break;
            }
            waiting.erase(waiting.begin());
            const Links links = read(at.id, 0);
            for (size_t i = 0; i < links.count; i++) {
                const auto id = static_cast<size_t>(links.ids[i]);
                if (seen[id]) {
                    continue;
                }
                seen[id] = true;
                const Found next = evaluated(links.ids[i]);
                if (best.size() < ef || next < *best.rbegin()) {
                    best.insert(next);
                    waiting.insert(next);
                }
                if (best.size() > ef) {
                    best.erase(std::prev(best.end()));
                }
            }
        }
        return best;
    }

    const Graph &graph;

  private:
    /* To the nearest of a node and its neighbours until that is the node itself. */
    Found descended(Found at, int32_t level) {
        for (;;) {
            const int32_t from = at.id;
            const Links links = read(from, level);
            for (size_t i = 0; i < links.count; i++) {
                const Found next = evaluated(links.ids[i]);
                at = next.distance < at.distance ? next : at;
            }
            if (at.id == from) {
                return at;
            }
        }
    }

    uint64_t vector_bytes;
    struct graph_counts *counts;
};

} // namespace graph_library

#endif
