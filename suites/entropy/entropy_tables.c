/* Tables and plots of the experiment, those of one part together. */
#include "entropy.h"

/* --- speed ------------------------------------------------------------------------------------ */

static bool keep_speed(const struct cell *c) { return entropy_part_is(c, "speed"); }

static const struct column speed_columns[] = {
    {"arm", "arm", NULL},
    {"threads", "threads", NULL},
    {"oracle", "oracle", NULL},
    {"flop/s", "flop_per_s", "%.3g"},
    {"of sgemm", "sgemm_share", "%.3f"},
    {NULL, NULL, NULL},
};

const struct table entropy_tables[] = {
    {
        .name = "speed",
        .title = "Linear layers of one block over 2048 tokens against square sgemm",
        .note = "The matrices of one layer of the pinned model, random weights, interleaved with "
                "2048 x 2048 x 2048 sgemm on as many threads. Oracle: float64 products.",
        .keep = keep_speed,
        .columns = speed_columns,
    },
    {.name = NULL},
};

const struct plot entropy_plots[] = {
    {.name = NULL},
};
