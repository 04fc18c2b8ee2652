#include "text.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../harness/base/escape.h"
#include "../harness/base/memory.h"
#include "html_text.h"
#include "mapped.h"
#include "text_list.h"

/* A path below one of the places where pages lie. */
static bool find_page(const struct text_row *row, const char *page, char *path, size_t size) {
    const char *roots[] = {getenv("ATTEST_DATA"), "/usr/share/doc"};
    for (size_t i = 0; i < sizeof roots / sizeof *roots; i++) {
        if (roots[i] == NULL || *roots[i] == '\0') {
            continue;
        }
        const int length = snprintf(path, size, "%s/%s/%s", roots[i], row->directory, page);
        if (length > 0 && (size_t)length < size && access(path, R_OK) == 0) {
            return true;
        }
    }
    return false;
}

static enum status absent(const struct text_row *row, const char *page) {
    return status_set(ST_SKIP,
                      "text %s: %s/%s is neither under $ATTEST_DATA nor under /usr/share/doc; "
                      "apt-get install %.*s (where dpkg leaves /usr/share/doc out: unpack it with "
                      "dpkg -x and set ATTEST_DATA to its usr/share/doc)",
                      row->name, row->directory, page, (int)strcspn(row->directory, "/"),
                      row->directory);
}

/* Maps the pages of a row in order; *count of them are mapped, also after a failure. */
static enum status map_pages(const struct text_row *row, struct mapped **pages, size_t *count) {
    char names[TEXT_PAGES], path[4096], *rest = NULL;
    snprintf(names, sizeof names, "%s", row->pages);
    *count = 0;
    *pages = mem_alloc_array(strlen(names), sizeof **pages);
    enum status st = *pages == NULL ? ST_SYSTEM : ST_OK;
    for (char *page = strtok_r(names, " ", &rest); st == ST_OK && page != NULL;
         page = strtok_r(NULL, " ", &rest)) {
        if (!find_page(row, page, path, sizeof path)) {
            return absent(row, page);
        }
        st = map_file(path, NULL, "a page of text", &(*pages)[*count]);
        *count += st == ST_OK;
    }
    return st;
}

/* The pages' prose with a blank line between them and a line feed at the end. */
static enum status join_pages(const struct mapped *pages, size_t count, struct text_document *d) {
    size_t room = 0;
    for (size_t i = 0; i < count; i++) {
        room += pages[i].size + 2;
    }
    d->bytes = mem_alloc(room);
    if (d->bytes == NULL) {
        return ST_SYSTEM;
    }
    for (size_t i = 0; i < count; i++) {
        size_t length = 0;
        const enum status st = html_text(pages[i].label, (const char *)pages[i].bytes,
                                         pages[i].size, d->bytes + d->size, &length);
        if (st != ST_OK) {
            return st;
        }
        d->size += length;
        memcpy(d->bytes + d->size, "\n\n", 2);
        d->size += 2;
    }
    d->size--;
    return ST_OK;
}

static void set_sha256(struct text_document *d) {
    unsigned char hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(hash, (const unsigned char *)d->bytes, d->size);
    sodium_bin2hex(d->sha256, sizeof d->sha256, hash, sizeof hash);
}

static enum status check_pinned(const struct text_row *row, const struct text_document *d) {
    if (strcmp(d->sha256, row->sha256) == 0) {
        return ST_OK;
    }
    return status_set(ST_INPUT,
                      "text %s: SHA-256 is %s, texts.tsv says %s; it is made from %s, another "
                      "version gives another text: install that one",
                      row->name, d->sha256, row->sha256, row->source);
}

static enum status read_document(const struct text_row *row, struct text_document *d) {
    struct mapped *pages = NULL;
    size_t count = 0;
    snprintf(d->name, sizeof d->name, "%s", row->name);
    snprintf(d->source, sizeof d->source, "%s", row->source);
    snprintf(d->licence, sizeof d->licence, "%s", row->licence);
    d->training = strcmp(row->split, "training") == 0;
    enum status st = map_pages(row, &pages, &count);
    if (st == ST_OK) {
        st = join_pages(pages, count, d);
    }
    for (size_t i = 0; i < count; i++) {
        unmap_file(&pages[i]);
    }
    mem_free(pages);
    if (st == ST_OK) {
        set_sha256(d);
        st = check_pinned(row, d);
    }
    return st;
}

enum status text_corpus_open(struct text_corpus *out) {
    struct text_row row;
    size_t count = 0;
    *out = (struct text_corpus){0};
    while (text_list_at(count, &row)) {
        count++;
    }
    out->documents = mem_alloc_array(count, sizeof *out->documents);
    enum status st = out->documents == NULL ? ST_SYSTEM : ST_OK;
    for (size_t i = 0; st == ST_OK && i < count && text_list_at(i, &row); i++) {
        out->count++;
        st = read_document(&row, &out->documents[i]);
    }
    if (st != ST_OK) {
        text_corpus_close(out);
    }
    return st;
}

/* The file's bytes as a document; on failure it has none. */
static enum status copy_file(const struct mapped *file, struct text_document *d) {
    if (file->size > TOKENIZER_MAX_BYTES) {
        return status_set(ST_INPUT, "%s: %zu bytes; the limit is %zu: give a part of it",
                          file->label, file->size, TOKENIZER_MAX_BYTES);
    }
    d->bytes = mem_alloc(file->size);
    if (d->bytes == NULL) {
        return ST_SYSTEM;
    }
    memcpy(d->bytes, file->bytes, file->size);
    d->size = file->size;
    set_sha256(d);
    return ST_OK;
}

enum status text_corpus_file(const char *path, struct text_corpus *out) {
    struct mapped file;
    *out = (struct text_corpus){0};
    enum status st = map_file(path, NULL, "a file of text", &file);
    if (st != ST_OK) {
        return st;
    }
    out->documents = mem_alloc(sizeof *out->documents);
    st = out->documents == NULL ? ST_SYSTEM : ST_OK;
    if (st == ST_OK) {
        struct text_document *d = &out->documents[0];
        const char *slash = strrchr(path, '/');
        out->count = 1;
        escape_text(slash == NULL ? path : slash + 1, d->name, sizeof d->name);
        snprintf(d->source, sizeof d->source, "a user's file");
        snprintf(d->licence, sizeof d->licence, "not stated");
        st = copy_file(&file, d);
    }
    unmap_file(&file);
    if (st != ST_OK) {
        text_corpus_close(out);
    }
    return st;
}

void text_corpus_close(struct text_corpus *c) {
    for (size_t i = 0; c->documents != NULL && i < c->count; i++) {
        mem_free(c->documents[i].bytes);
    }
    mem_free(c->documents);
    *c = (struct text_corpus){0};
}
