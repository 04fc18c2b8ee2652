/* What the parts of the crossover experiment share.  One group of cells is one kind of data at one
 * N; a cell is one setting of one way to attend, an arm; a step is what an arm does for one query
 * of every KV head, on one thread, from the query to the attention output. */
#ifndef ATTEST_SUITES_CROSSOVER_CROSSOVER_H
#define ATTEST_SUITES_CROSSOVER_CROSSOVER_H

#include <stdbool.h>

#include "../../harness/judge/judge.h"
#include "../../harness/judge/kernel.h"
#include "../../harness/run/experiment.h"
#include "../kernels/attend.h"
#include "../kernels/graph.h"
#include "../kernels/scores.h"
#include "crossover_data.h"

/* --- plan (crossover_plan.c, crossover_formula.c, crossover_crossings.c) ---------------------- */

enum crossover_method {
    CROSSOVER_READ,  /* reads the keys and does nothing else */
    CROSSOVER_FULL,  /* attention over all keys */
    CROSSOVER_TOPK,  /* all scores, the K largest, attention over them */
    CROSSOVER_QUEST, /* bounds of all pages, the largest, attention over their keys */
    CROSSOVER_HNSW,  /* a graph search; attention over all ef keys that it ends with, and key 0 */
    CROSSOVER_METHODS
};
extern const char *const crossover_arms[CROSSOVER_METHODS]; /* "read", ...: a cell's arm */

/* CROSSOVER_METHODS for a cell that is no arm's. */
enum crossover_method crossover_method_of(const struct cell *c);

/* Checked, and timed, of each KV head. */
enum { CROSSOVER_QUERIES = 24, CROSSOVER_ROUNDS = 30 };

/* The least N at which narrower keys than float32 are scored, too. */
enum { CROSSOVER_NARROW_FROM = 16000 };

enum status crossover_plan_arms(struct run *run);
/* More captured keys than the committed trace has: they need the pinned model's weights. */
bool crossover_is_long(enum crossover_kind kind, int64_t n);
enum status crossover_plan_formula(struct run *run);
/* After the arms, whose groups it takes for what there is to compare. */
enum status crossover_plan_crossings(struct run *run);

/* --- a group (crossover_group.c, crossover_formats.c, crossover_graphs.c) --------------------- */

/* A built graph of each of the data's sets of search vectors. */
struct crossover_graph {
    const struct kernel *kernel;
    int32_t m;
    void **index;                       /* (graphs) */
    double build_s, insert_us;          /* of all of them; a vector among the last of the largest */
    const struct crossover_graph *from; /* whose links it took over; NULL: it built its own */
};

enum { CROSSOVER_GRAPHS = 12, CROSSOVER_FORMATS = SCORES_INT8 + 1 };

/* Keys of all heads in one format; NULL where no cell scores it. */
struct crossover_keys {
    void *k;      /* (heads, n, d) */
    float *scale; /* (heads, n) of 8-bit keys; else NULL */
};

/* Room for one step, and what the last one left. */
struct crossover_space {
    float *scores;   /* (n) of keys or pages, or of what a search found */
    float *select;   /* (n + slack) */
    float *weights;  /* (n) */
    int32_t *picked; /* (n + slack) pages, or what a search found */
    int32_t *chosen; /* (heads, n + slack) rows, ascending; not written where all are read */
    int64_t *count;  /* (heads) */
    float *out;      /* (heads, d) */
    int64_t stride;  /* of chosen */
};

struct crossover_group {
    struct run *run;
    struct crossover_data data;
    struct crossover_keys keys[CROSSOVER_FORMATS]; /* float32: the data's */
    int32_t page;
    int64_t pages, judged;            /* pages of a head; queries a cell whose answers are judged */
    float *bounds;                    /* (heads, pages, 2, d) */
    struct crossover_oracle *oracles; /* (heads, queries) */
    struct crossover_graph graphs[CROSSOVER_GRAPHS];
    size_t graph_count;
    struct crossover_space space;
};

enum { CROSSOVER_CAPTURED_TOKENS = 8192 };

/* A trace of the pinned model over the first text, the caller's.  What lm_source_open returns. */
enum status crossover_trace_capture(struct run *run, struct trace *out);

enum status crossover_prepare(struct run *run, struct group *g);
void crossover_release(struct group *g);

/* The format of the keys that a cell scores: its parameter dtype, float32 where it has none. */
extern const char *const crossover_dtypes[CROSSOVER_FORMATS];
enum scores_format crossover_format_of(const struct cell *c);

/* Bytes of a key in all the formats, beside float32, that the group's cells score. */
double crossover_narrow_bytes(const struct group *g, int32_t d);

/* Makes the keys that the group's cells score; frees them.  ST_INPUT: one does not fit. */
enum status crossover_keys_make(struct crossover_group *s, const struct group *g);
void crossover_keys_free(struct crossover_group *s);

/* Builds what the group's cells search; frees it. */
enum status crossover_graphs_build(struct crossover_group *s, const struct group *g);
void crossover_graphs_free(struct crossover_group *s);
/* The graph that a cell searches; NULL where it was not built. */
const struct crossover_graph *crossover_graph_of(const struct crossover_group *s,
                                                 const struct cell *c);

/* The links that a graph searches, the caller's. */
enum status crossover_links_of(const struct crossover_graph *g, int32_t set,
                               struct graph_links *out);

/* --- a step (crossover_step.c) ---------------------------------------------------------------- */

enum crossover_stage {
    CROSSOVER_ESTIMATE, /* all scores, bounds of pages, or the graph's search */
    CROSSOVER_SELECT,   /* the largest of them */
    CROSSOVER_GATHER,   /* from pages, or from what a search found, to ascending rows */
    CROSSOVER_ATTEND,
    CROSSOVER_STAGES
};

struct crossover_arm {
    enum crossover_method method;
    int64_t k;  /* topk, quest: keys that are kept */
    int32_t ef; /* hnsw */
    const struct kernel *kernel;
    const struct scores_impl *scores; /* topk: of keys in the cell's format */
    const struct crossover_graph *graph;
    uint64_t answers[CROSSOVER_QUERIES]; /* checksums of what the checked steps chose */
    uint64_t read;                       /* what the reading arm read, summed up */
    size_t other_answers;                /* timed steps that chose otherwise */
    double stage[CROSSOVER_STAGES][CROSSOVER_ROUNDS]; /* seconds a step; NaN: it has no such */
    enum status timed_status;
};

/* Attends for one query of every head; what was chosen and the outputs are left in the space.
 * stage: seconds are added.  counts NULL: nothing is counted. */
enum status crossover_step(struct crossover_group *s, struct crossover_arm *a, int64_t query,
                           double stage[CROSSOVER_STAGES], struct graph_counts *counts);

/* The rows that the last step chose in one head, `count` of the space. */
int32_t *crossover_chosen_of(const struct crossover_group *s, int32_t head);

/* The scores of all keys of a head, in the format that the arm reads. */
struct scores_call crossover_scores_call(const struct crossover_group *s,
                                         const struct crossover_arm *a, int64_t query,
                                         int32_t head);

/* The attention of a step over what it has chosen in one head. */
struct attend_call crossover_attend_call(const struct crossover_group *s,
                                         const struct crossover_arm *a, int64_t query,
                                         int32_t head);

/* Checksum of what the last step chose. */
uint64_t crossover_step_answer(const struct crossover_group *s, const struct crossover_arm *a);

/* Steps of one sample: of small N several, so that a sample lasts. */
int64_t crossover_steps(int64_t n);

double crossover_time(struct group *g, struct cell *c, int round);

/* --- results ---------------------------------------------------------------------------------- */

enum status crossover_check_arm(struct crossover_group *s, struct cell *c);
enum status crossover_summarise(struct run *run, struct group *g);
/* The cell of a method with the least value of a metric among those of enough quality, over float32
 * keys, as all methods read them; NULL: none. */
const struct cell *crossover_cheapest_of(const struct group *g, enum crossover_method method,
                                         const char *metric);
enum status crossover_check_formula(struct run *run, struct cell *c);
enum status crossover_check_crossing(struct run *run, struct cell *c);

/* Judges what the last step, for `query`, chose in one head and made of it. */
enum status crossover_judge_step(const struct crossover_group *s, const struct crossover_arm *a,
                                 int64_t query, int32_t head, struct judge *j);

extern const struct table crossover_tables[];
extern const struct plot crossover_plots[];

#endif
