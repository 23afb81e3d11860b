/* The load generator: what its parts know of each other.
 *
 * One thread, one epoll. A plan names the requests of a cycle (start, check); connections stay busy with whatever can
 * be done next, so that a code on its way holds no connection. Codes come in as datagrams or by SMTP.
 */
#ifndef WATCHWORD_BENCH_DRIVER_H
#define WATCHWORD_BENCH_DRIVER_H

#include <stddef.h>
#include <stdint.h>

#define STEPS_MOST 2
#define NAMES_MOST 4
#define TEXT_MOST 32768  /* bytes of one request, and of one template */
#define BUFFER_MOST 65536 /* bytes of one answer */

/* What is read from an answer: the characters after `marker` up to the next quotation mark. */
struct capture {
    char name[32];
    char marker[128];
    int is_kept; /* outlives the cycle: the next cycle of the same user has it; an answer without it changes nothing */
};

struct step {
    char name[32];
    char method[8];
    char path[512];
    char headers[8192];
    char body[2048];
    int expected_status;
    char expected_text[256];
    struct capture captures[NAMES_MOST];
    int captures_n;
};

struct plan {
    uint16_t target_port;
    uint16_t datagram_port; /* codes as "ADDRESS CODE"; 0: none */
    uint16_t smtp_port;     /* codes as e-mail; 0: none */
    int connections;
    double warm_s;
    double measured_s;
    long cycles_most; /* ends the run early; 0: no such end */
    long first_user;
    long users;
    long waiting_most; /* cycles that may wait for their code at once */
    int waits_for_code;
    char values_path[512]; /* where kept values are read from at first and written to at last; empty: nowhere */
    struct step steps[STEPS_MOST];
    int steps_n;
};

/* One user of the plan, and the cycle that runs for him. */
struct user {
    char *values[NAMES_MOST]; /* by the index of the name in `names` */
    char code[16];
    uint64_t ordered_ns; /* when the request that asks for the code left */
    uint8_t is_busy;
    uint8_t has_started; /* the first step was answered */
};

/* plan.c */
void read_plan(const char *path, struct plan *plan);
const char *name_at(int index); /* NULL behind the last one */
int name_index(const char *name); /* the place of a captured name in `user.values`; made at its first mention */
size_t write_request(const struct plan *plan, const struct step *step, const struct user *user, long number, char *into);

/* codes.c */
typedef void (*on_code)(long number, const char *code);
void open_codes(int epoll, const struct plan *plan, on_code told);
int is_codes_event(void *data);
void take_codes(void *data, uint32_t events);

/* answers.c */
struct answer {
    int status;
    const char *body;
    size_t body_size;
    size_t size; /* bytes of the whole answer; 0: not all there yet */
    int closes;
};
void read_answer(char *buffer, size_t filled, struct answer *answer);

/* figures.c */
struct samples {
    uint32_t *us;
    size_t count;
    size_t room;
};
void add_sample(struct samples *samples, uint64_t ns);
void print_samples(const char *name, struct samples *samples);
uint64_t now_ns(void);
void fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
