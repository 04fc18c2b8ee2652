#include "text_list.h"

#include "carried.h"

CARRY(attest_texts, "datasets/texts.tsv");

bool text_list_at(size_t index, struct text_row *out) {
    const struct carried_column columns[] = {
        {out->name, sizeof out->name},     {out->split, sizeof out->split},
        {out->source, sizeof out->source}, {out->licence, sizeof out->licence},
        {out->sha256, sizeof out->sha256}, {out->directory, sizeof out->directory},
        {out->pages, sizeof out->pages}};
    return carried_row(attest_texts, attest_texts_size, index, columns,
                       sizeof columns / sizeof *columns);
}
