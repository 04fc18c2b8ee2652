/* Every metric fixture of the experiment; each part defines its own. */
#include "entropy.h"

const struct fixture entropy_fixtures[] = {
    {.name = NULL},
};
