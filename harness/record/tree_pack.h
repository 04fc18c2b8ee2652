/* A record tree as one flat run of bytes, and back: what a contained reader hands to its parent.
 *
 * All numbers are little-endian, names and attributes sorted, so that one tree has one encoding:
 *
 *   packed     magic(8) node
 *   node       kind(u8: 0 group, 1 dataset) u32 n (name value){n} body
 *   body       of a group: u32 n (name node){n}; of a dataset: value
 *   name       u32 length, bytes
 *   value      type(u8) rank(u8: 255 for no value) u64 dims{rank}, u64 length, bytes
 *
 * The bytes of a string are followed by one NUL that its length leaves out.
 */
#ifndef ATTEST_HARNESS_TREE_PACK_H
#define ATTEST_HARNESS_TREE_PACK_H

#include "../base/status.h"
#include "tree.h"

/* tree -> bytes, malloc'd.  ST_RECORD: the tree is outside the strict profile (record_format.h);
 * ST_SYSTEM: memory. */
enum status tree_pack(const struct tree *root, void **bytes, size_t *size);

/* bytes -> tree; the bytes may be anything.  Takes exactly what tree_pack gives: every tree that
 * comes back packs to the same bytes.  Memory stays below a fixed multiple of `size`.
 * ST_RECORD: names what was refused and where, and *root is NULL.  label: what messages call it. */
enum status tree_unpack(const void *bytes, size_t size, const char *label, struct tree **root);

#endif
