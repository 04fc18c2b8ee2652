#include "render.h"

void foot_lines(const struct page *page, const struct sheet *s, struct foot_line out[FOOT_LINES]) {
    out[0] = (struct foot_line){"record", page->facts.digest};
    out[1] = (struct foot_line){"n", s->statistic};
    out[2] = (struct foot_line){"machine", page->facts.machine};
    out[3] = (struct foot_line){"started", page->facts.started};
    out[4] = (struct foot_line){"suite commit", page->facts.commit};
}
