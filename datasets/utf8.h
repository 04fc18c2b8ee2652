/* Well-formed UTF-8 in bytes of a known length (harness/base/escape.h has the terminated kind). */
#ifndef ATTEST_DATASETS_UTF8_H
#define ATTEST_DATASETS_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Bytes (1 .. 4) of the character at the start of (bytes, size) and its code point; 0 when none
 * that is well formed stands there.  Source: the Unicode Standard, table 3-7. */
size_t utf8_take(const unsigned char *bytes, size_t size, uint32_t *code);

/* Writes a code point below 0x110000, no surrogate; returns its bytes. */
size_t utf8_put(uint32_t code, unsigned char out[4]);

#endif
