/* The ADSampling experiment (S001; definitions, section 1): state shared by its files. */
#ifndef ATTEST_SUITES_ADSAMPLING_ADSAMPLING_H
#define ATTEST_SUITES_ADSAMPLING_ADSAMPLING_H

#include "../../datasets/dataset.h"
#include "../../harness/run/experiment.h"
#include "../kernels/knn_check.h"

enum { ADS_KS = 3, ADS_KERNELS = 24, ADS_ORACLES = 24, ADS_TIMED_QUERIES = 64 };

/* One dataset with everything that its cells share. */
struct ads_group {
    struct run *run;
    struct dataset data;
    struct rotation *rotation;
    float *rotated;
    struct knn_problem problems[ADS_KS]; /* one for each k */
    size_t problem_count;
    struct {
        const struct kernel *kernel;
        void *index;
    } indexes[ADS_KERNELS];
    size_t index_count;
    struct {
        bool vertical;
        struct knn_params params;
        struct knn_pruned_oracle oracle;
    } oracles[ADS_ORACLES];
    size_t oracle_count;
    int64_t judged;        /* queries compared with the pruned oracle */
    int64_t timed_queries; /* all arms are timed on the first so many queries, in the same order */
    int64_t block;         /* queries per sample and thread, of arms that answer one by one */
};

/* One arm's run-time state (struct cell's state). */
struct ads_cell {
    const struct kernel *kernel;
    const struct knn_problem *problem;
    const void *index;
    struct knn_params params;
    int threads;
    int32_t batch; /* queries per call */
    bool cold;     /* device kernels: flush the second-level cache before each sample */
    int64_t units; /* queries per sample */
    int64_t checked;
    int32_t *ids; /* (checked,k) answers that passed the judge */
    float *dist;
    int32_t *timed_ids; /* (units,k) answers of the last timed sample */
    float *timed_dist;
    int64_t timed_first;
    double *latencies; /* seconds per query */
    size_t latency_count, latency_capacity;
    enum status timed_status;
    double bytes_per_query;
};

/* adsampling_plan.c */
enum status ads_plan(struct run *run);
/* Opens the user's dataset, or where source is NULL the profile's of that name. */
enum status ads_open(const struct run *run, const char *source, const char *name,
                     struct dataset *out);
/* adsampling_group.c */
enum status ads_prepare(struct run *run, struct group *g);
void ads_release(struct group *g);
/* adsampling_check.c */
enum status ads_check(struct run *run, struct group *g, struct cell *c);
/* adsampling_time.c */
double ads_time(struct group *g, struct cell *c, int round);
/* adsampling_summary.c */
enum status ads_summarise(struct run *run, struct group *g);

extern const struct setting ads_settings[];
extern const struct table ads_tables[];
extern const struct plot ads_plots[];

/* The arm that reads the base and does nothing else: the bandwidth that the others are held
 * against. */
bool ads_is_bandwidth(const struct cell *c);

#endif
