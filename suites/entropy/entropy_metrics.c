/* Every metric of the experiment, those of one part together.  A cell has all of them, most without
 * a value. */
#include "entropy.h"

const struct metric_info entropy_metrics[] = {
    /* speed */
    {"flop_per_s", "flop/s", false, "float operations a second"},
    {"sgemm_share", "share", false, "that rate over the one of sgemm in the same rounds"},
    {NULL, NULL, false, NULL},
};
