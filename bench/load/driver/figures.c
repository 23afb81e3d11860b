/* Times, and what is told of them. Every sample is kept, so that a percentile is one and no estimate. */
#include "driver.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

void add_sample(struct samples *samples, uint64_t ns) {
    if (samples->count == samples->room) {
        samples->room = samples->room ? samples->room * 2 : 65536;
        samples->us = realloc(samples->us, samples->room * sizeof *samples->us);
        if (!samples->us) fail("no memory for samples");
    }
    uint64_t us = ns / 1000;
    samples->us[samples->count++] = us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

static int by_size(const void *left, const void *right) {
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

/* The nearest-rank percentile: the smallest sample that at least this share does not exceed. */
static double percentile_ms(const struct samples *samples, double share) {
    if (!samples->count) return 0.0;
    size_t rank = (size_t)(share * (double)samples->count + 0.999999);
    return samples->us[rank ? rank - 1 : 0] / 1000.0;
}

void print_samples(const char *name, struct samples *samples) {
    qsort(samples->us, samples->count, sizeof *samples->us, by_size);
    printf("\"%s\": {\"count\": %zu, \"p50_ms\": %.3f, \"p90_ms\": %.3f, \"p99_ms\": %.3f, \"most_ms\": %.3f}", name,
           samples->count, percentile_ms(samples, 0.50), percentile_ms(samples, 0.90), percentile_ms(samples, 0.99),
           percentile_ms(samples, 1.0));
}

void fail(const char *format, ...) {
    va_list rest;
    va_start(rest, format);
    fputs("driver: ", stderr);
    vfprintf(stderr, format, rest);
    fputc('\n', stderr);
    va_end(rest);
    exit(2);
}
