/* The strict profile of record files: limits and pieces that encoding and decoding share. */
#ifndef ATTEST_HARNESS_RECORD_FORMAT_H
#define ATTEST_HARNESS_RECORD_FORMAT_H

/* The 1.10 names of functions that HDF5 1.12 renamed. */
#ifndef H5_USE_110_API
#define H5_USE_110_API
#endif
#include <hdf5.h>

#include "../base/escape.h"
#include "../base/status.h"
#include "tree.h"

enum {
    RECORD_DEPTH = 16,              /* groups below the root */
    RECORD_OBJECTS = 65536,         /* groups and datasets together */
    RECORD_ATTRIBUTES = 1024,       /* of one node */
    RECORD_ATTRIBUTE_BYTES = 65000, /* an HDF5 object header message ends at 64 KiB */
    RECORD_PATH = RECORD_DEPTH * (TREE_NAME_MAX + 1) + 1
};

/* Where a walk through a record is: "plan/cells/adsampling.1f9c03ab". */
struct record_path {
    char text[RECORD_PATH];
    size_t length;
    int depth;
};

/* Goes down to a child; false when it would be deeper than RECORD_DEPTH. */
bool record_path_push(struct record_path *p, const char *name);
/* Back to where the path had `length` bytes. */
void record_path_pop(struct record_path *p, size_t length);
/* "/" for the root; else the path. */
const char *record_path_text(const struct record_path *p);

/* Names, NaN and sizes as the profile wants them; ST_RECORD says what is wrong and where.
 * label: what the message calls the record. */
enum status record_check(const struct tree *root, const char *label);

/* File and memory type of a value, little-endian; the caller closes it.  Negative on failure. */
hid_t record_type(enum tree_type type, size_t string_bytes);

/* Quiet errors and no plugins, for the whole process: a filter plugin is foreign code. */
void record_hdf5_quiet(void);

/* A new file name for HDF5's core driver that cannot exist on any system.  HDF5 refuses to open an
 * image under an existing name, and mixes up images that are open under one name. */
void record_image_name(char name[64]);

#endif
