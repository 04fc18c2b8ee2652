/* Every metric of the experiment, those of one part together.  A cell has all of them, most without
 * a value. */
#include "entropy.h"

const struct metric_info entropy_metrics[] = {
    {NULL, NULL, false, NULL},
};
