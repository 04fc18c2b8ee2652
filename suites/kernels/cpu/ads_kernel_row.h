/* The registry row of an ADSampling kernel, from ADS_FAMILY, ADS_VARIANT, ADS_ISA, ADS_SOURCE and
 * impl. */
#include "../../../harness/base/cpu.h"
#include "../../../harness/judge/kernel.h"

#define ADS_JOIN(family, variant) kernel_##family##_##variant
#define ADS_SYMBOL(family, variant) ADS_JOIN(family, variant)
#define ADS_TEXT(x) #x
#define ADS_NAME(family, variant) ADS_TEXT(family) "/" ADS_TEXT(variant)

extern const struct kernel ADS_SYMBOL(ADS_FAMILY, ADS_VARIANT);
const struct kernel ADS_SYMBOL(ADS_FAMILY, ADS_VARIANT) = {
    .name = ADS_NAME(ADS_FAMILY, ADS_VARIANT),
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
