/* Every metric fixture of the experiment; each part defines its own. */
#include "entropy.h"
#include "entropy_speed.h"

const struct fixture entropy_fixtures[] = {
    {"speed-share-without-work",
     {"sgemm_share", NULL},
     "a ratio of times where the arms do different amounts of work",
     entropy_speed_fixture_work},
    {"speed-mean-of-ratios",
     {"sgemm_share", NULL},
     "the mean of the rounds' ratios instead of total work over total time",
     entropy_speed_fixture_mean_of_ratios},
    {"speed-macs-for-flop",
     {"flop_per_s", "sgemm_share", NULL},
     "a multiplication and an addition counted as one operation",
     entropy_speed_fixture_macs},
    {.name = NULL},
};
