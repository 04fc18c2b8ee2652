/* How much each profile measures. */
#include "tiers.h"

/* By profile and configuration, micro and baseline. */
static const struct tiers_size sizes[][TIERS_CONFIGS] = {
    [PROFILE_SMOKE] = {{30, 100, 2, 2, {0.8}, false}, {30, 10, 2, 1, {0}, false}},
    [PROFILE_DEFAULT] = {{50, 400, 5, 3, {0.5, 0.8, 0.95}, true}, {50, 40, 5, 3, {0.8}, true}},
    [PROFILE_FULL] = {{50, 2000, 5, 3, {0.5, 0.8, 0.95}, true},
                      {50, 200, 5, 3, {0.5, 0.8, 0.95}, true}},
};

const struct tiers_size *tiers_size_of(const struct run *run, const struct tiers_config *config) {
    return &sizes[run_profile(run)][config - tiers_configs];
}
