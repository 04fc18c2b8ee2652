/* The thread pool: every item once, on any number of threads, call after call. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdatomic.h>
#include <string.h>

#include "../base/workers.h"

enum { ITEMS = 1000 };

static atomic_int done[ITEMS];

static void mark(void *arg, int64_t item) { atomic_fetch_add(&done[item], *(int *)arg); }

static void every_item_is_done_once(void **state) {
    (void)state;
    int one = 1;
    for (int turn = 1; turn <= 200; turn++) {
        int threads = 1 + turn % 9;
        int64_t items = turn % 3 == 0 ? ITEMS : turn % 7;
        memset(done, 0, sizeof done);
        workers_run(threads, items, mark, &one);
        for (int64_t i = 0; i < ITEMS; i++) {
            assert_int_equal(atomic_load(&done[i]), i < items ? 1 : 0);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_item_is_done_once)};
    return cmocka_run_group_tests_name("workers", tests, NULL, NULL);
}
