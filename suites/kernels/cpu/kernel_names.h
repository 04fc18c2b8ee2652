/* A kernel's symbol and the text of its name, of a family and a variant that may be macros. */
#ifndef ATTEST_SUITES_KERNELS_CPU_KERNEL_NAMES_H
#define ATTEST_SUITES_KERNELS_CPU_KERNEL_NAMES_H

#define KERNEL_PASTE(family, variant) kernel_##family##_##variant
#define KERNEL_SYMBOL(family, variant) KERNEL_PASTE(family, variant)
#define KERNEL_QUOTE(x) #x
#define KERNEL_TEXT(x) KERNEL_QUOTE(x)

#endif
