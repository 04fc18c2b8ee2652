#include "gbench.h"

#include <benchmark/benchmark.h>

#include <chrono>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace {

struct Arm {
    std::string id;
    gbench_body body;
    void *arg;
};

struct Slot {
    const Arm *arm;
    int64_t round;
    double started = 0;
};

std::vector<std::unique_ptr<Arm>> arms;

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

/* Benchmarks are registered in the order in which they must run, so the n-th report is the n-th
 * slot. */
class Collector : public benchmark::BenchmarkReporter {
  public:
    Collector(const std::vector<Slot> &slots, gbench_sample on_sample, void *user)
        : slots_(slots), on_sample_(on_sample), user_(user) {}
    bool ReportContext(const Context &) override { return true; }
    void ReportRuns(const std::vector<Run> &runs) override {
        for (const Run &run : runs) {
            if (run.run_type != Run::RT_Iteration || next_ >= slots_.size()) {
                continue;
            }
            const Slot &slot = slots_[next_++];
            double iterations = static_cast<double>(run.iterations);
            on_sample_(user_, slot.arm->id.c_str(), slot.round,
                       run.real_accumulated_time / iterations, slot.started);
        }
    }
    int64_t delivered() const { return static_cast<int64_t>(next_); }

  private:
    const std::vector<Slot> &slots_;
    gbench_sample on_sample_;
    void *user_;
    size_t next_ = 0;
};

void run_slot(benchmark::State &state, Slot *slot, Clock::time_point origin) {
    for (auto _ : state) {
        slot->started = seconds_since(origin);
        Clock::time_point start = Clock::now();
        double own = slot->arm->body(slot->arm->arg, slot->round);
        double wall = seconds_since(start);
        state.SetIterationTime(own >= 0 ? own : wall);
    }
}

} // namespace

int gbench_register(const char *id, gbench_body body, void *arg) {
    for (const auto &arm : arms) {
        if (arm->id == id) {
            return -1;
        }
    }
    try {
        arms.push_back(std::make_unique<Arm>(Arm{id, body, arg}));
    } catch (const std::bad_alloc &) {
        return -1;
    }
    return 0;
}

int64_t gbench_run(int64_t rounds, gbench_sample on_sample, void *user) {
    std::vector<Slot> slots;
    std::vector<size_t> order(arms.size());
    /* Predictable on purpose, and defined by the standard: the same order everywhere. */
    std::minstd_rand random(1); // NOLINT(cert-msc32-c,cert-msc51-cpp)
    for (int64_t round = 0; round < rounds && !arms.empty(); round++) {
        std::iota(order.begin(), order.end(), size_t{0});
        std::swap(order[0], order[static_cast<size_t>(round) % arms.size()]);
        for (size_t i = order.size() - 1; i > 1; i--) {
            std::swap(order[i], order[1 + random() % i]);
        }
        for (size_t turn : order) {
            slots.push_back(Slot{arms[turn].get(), round});
        }
    }
    Clock::time_point origin = Clock::now();
    for (size_t i = 0; i < slots.size(); i++) {
        std::string name = std::to_string(i) + "/" + slots[i].arm->id;
        Slot *slot = &slots[i];
        benchmark::RegisterBenchmark(
            name.c_str(),
            [slot, origin](benchmark::State &state) { run_slot(state, slot, origin); })
            ->Iterations(1)
            ->UseManualTime();
    }
    Collector collector(slots, on_sample, user);
    benchmark::RunSpecifiedBenchmarks(&collector, nullptr, "all");
    benchmark::ClearRegisteredBenchmarks();
    return collector.delivered();
}

void gbench_clear(void) { arms.clear(); }
