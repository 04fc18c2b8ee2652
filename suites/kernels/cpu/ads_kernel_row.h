/* The registry row of an ADSampling kernel, from ADS_FAMILY, ADS_VARIANT, ADS_ISA, ADS_SOURCE and
 * impl. */
#include "../../../harness/base/cpu.h"
#include "../../../harness/judge/kernel.h"
#include "kernel_names.h"

extern const struct kernel KERNEL_SYMBOL(ADS_FAMILY, ADS_VARIANT);
const struct kernel KERNEL_SYMBOL(ADS_FAMILY, ADS_VARIANT) = {
    .name = KERNEL_TEXT(ADS_FAMILY) "/" KERNEL_TEXT(ADS_VARIANT),
    .operation = "knn",
    .backend = BACKEND_CPU,
    .dtype = "f32",
    .isa = ADS_ISA,
    .impl = &impl,
    .source = ADS_SOURCE,
    .bound =
        "gamma_(d+2) |a-b|^2; set and dimensions of the float64 search but for decisions within "
        "rounding",
};
