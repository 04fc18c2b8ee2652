#include "workers.h"

#include <pthread.h>
#include <stdatomic.h>

/* One job at a time; `generation` tells sleeping threads that a new one has come. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t wake, finished;
    int started; /* pool threads that exist */
    int wanted;  /* pool threads that take part in the current job */
    int busy;    /* of those, still in it */
    uint64_t generation;
    void (*fn)(void *, int64_t);
    void *arg;
    int64_t items;
    atomic_int_fast64_t next;
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER,
          .wake = PTHREAD_COND_INITIALIZER,
          .finished = PTHREAD_COND_INITIALIZER};

static void take_items(void) {
    for (;;) {
        int64_t item = atomic_fetch_add(&pool.next, 1);
        if (item >= pool.items) {
            return;
        }
        pool.fn(pool.arg, item);
    }
}

static void *pool_thread(void *arg) {
    int self = (int)(intptr_t)arg;
    uint64_t seen = 0;
    pthread_mutex_lock(&pool.lock);
    for (;;) {
        while (pool.generation == seen || self >= pool.wanted) {
            seen = pool.generation;
            pthread_cond_wait(&pool.wake, &pool.lock);
        }
        seen = pool.generation;
        pthread_mutex_unlock(&pool.lock);
        take_items();
        pthread_mutex_lock(&pool.lock);
        if (--pool.busy == 0) {
            pthread_cond_signal(&pool.finished);
        }
    }
    return NULL;
}

static void grow(int threads) {
    while (pool.started < threads) {
        pthread_t t;
        if (pthread_create(&t, NULL, pool_thread, (void *)(intptr_t)pool.started) != 0) {
            return;
        }
        pthread_detach(t);
        pool.started++;
    }
}

void workers_run(int threads, int64_t items, void (*fn)(void *arg, int64_t item), void *arg) {
    if (threads <= 1 || items <= 1) {
        for (int64_t i = 0; i < items; i++) {
            fn(arg, i);
        }
        return;
    }
    pthread_mutex_lock(&pool.lock);
    grow(threads - 1 < WORKERS_MAX ? threads - 1 : WORKERS_MAX);
    pool.fn = fn;
    pool.arg = arg;
    pool.items = items;
    atomic_store(&pool.next, 0);
    pool.wanted = threads - 1 < pool.started ? threads - 1 : pool.started;
    pool.busy = pool.wanted;
    pool.generation++;
    pthread_cond_broadcast(&pool.wake);
    pthread_mutex_unlock(&pool.lock);
    take_items();
    pthread_mutex_lock(&pool.lock);
    while (pool.busy > 0) {
        pthread_cond_wait(&pool.finished, &pool.lock);
    }
    pool.wanted = 0;
    pthread_mutex_unlock(&pool.lock);
}
