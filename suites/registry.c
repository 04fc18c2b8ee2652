/* The lists compiled into tables.  A name that stands twice in a list is an enumerator defined
 * twice here, so the build fails; `make lint` checks that the lists are sorted. */
#include <string.h>

#include "../harness/base/cpu.h"
#include "../harness/run/experiment.h"
#include "../harness/judge/kernel.h"
#include "../harness/judge/operation.h"

#define EXPERIMENT(name) EXPERIMENT_ID_##name,
enum experiment_id {
#include "experiments.h"
    EXPERIMENT_COUNT
};
#undef EXPERIMENT

#define EXPERIMENT(name) extern const struct experiment experiment_##name;
#include "experiments.h"
#undef EXPERIMENT

const struct experiment *const experiments[EXPERIMENT_COUNT + 1] = {
#define EXPERIMENT(name) [EXPERIMENT_ID_##name] = &experiment_##name,
#include "experiments.h"
#undef EXPERIMENT
};

#define KERNEL(family, variant) KERNEL_ID_##family##_##variant,
enum kernel_id {
#include "kernels/kernels.h"
    KERNEL_COUNT
};
#undef KERNEL

#define KERNEL(family, variant) extern const struct kernel kernel_##family##_##variant;
#include "kernels/kernels.h"
#undef KERNEL

const struct kernel *const kernels[KERNEL_COUNT + 1] = {
#define KERNEL(family, variant) [KERNEL_ID_##family##_##variant] = &kernel_##family##_##variant,
#include "kernels/kernels.h"
#undef KERNEL
};

#define OPERATION(name) OPERATION_ID_##name,
enum operation_id {
#include "kernels/operations.h"
    OPERATION_COUNT
};
#undef OPERATION

#define OPERATION(name) extern const struct operation operation_##name;
#include "kernels/operations.h"
#undef OPERATION

const struct operation *const operations[OPERATION_COUNT + 1] = {
#define OPERATION(name) [OPERATION_ID_##name] = &operation_##name,
#include "kernels/operations.h"
#undef OPERATION
};

const struct experiment *experiment_find(const char *name) {
    for (size_t i = 0; experiments[i] != NULL; i++) {
        if (strcmp(experiments[i]->name, name) == 0) {
            return experiments[i];
        }
    }
    return NULL;
}
