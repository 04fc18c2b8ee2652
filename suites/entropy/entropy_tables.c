/* Tables and plots of the experiment, those of one part together. */
#include "entropy.h"

const struct table entropy_tables[] = {
    {.name = NULL},
};

const struct plot entropy_plots[] = {
    {.name = NULL},
};
