/* Allocation for vectors: 64-byte aligned, huge pages asked for where the size merits them. */
#ifndef ATTEST_HARNESS_MEMORY_H
#define ATTEST_HARNESS_MEMORY_H

#include <stddef.h>

/* Zeroed, 64-byte aligned memory of `bytes` (0 gives 1 line); NULL with status_set when refused.
 * From 4 MiB on the pages are 2 MiB ones where the kernel grants them: a scan over 4 KiB pages
 * loses up to a fifth of the read bandwidth to TLB misses. */
void *mem_alloc(size_t bytes);

/* As mem_alloc for count elements of size; NULL when the product overflows. */
void *mem_alloc_array(size_t count, size_t size);

/* Asks for 2 MiB pages for memory that somebody else allocated and has not written to yet.  Advice:
 * a refusal costs speed, not correctness. */
void mem_prefer_huge_pages(void *p, size_t bytes);

/* Frees what mem_alloc gave; NULL is allowed. */
void mem_free(void *p);

#endif
