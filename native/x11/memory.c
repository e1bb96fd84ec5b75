/* Memory that the X server and readers share: a memfd, so nothing outlives its last user, kill -9 or not. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "x11.h"

struct fl_x11_memory {
    atomic_int references;
    uint8_t *pixels;
    size_t size;
};

int fl_x11_memory_new(size_t size, fl_x11_memory **out, int *fd)
{
    fl_x11_memory *memory = calloc(1, sizeof *memory);
    void *pixels;
    int file = -1, code;

    if (!memory)
        return -ENOMEM;
    file = memfd_create("fanlight-picture", MFD_CLOEXEC);
    if (file < 0)
        goto fail_errno;
    /* Taken in full now: a page that cannot be had later would kill the X server, or us, with SIGBUS. */
    code = posix_fallocate(file, 0, (off_t)size);
    if (code) {
        code = -code;
        goto fail;
    }
    pixels = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (pixels == MAP_FAILED)
        goto fail_errno;
    atomic_init(&memory->references, 1);
    memory->pixels = pixels;
    memory->size = size;
    *out = memory;
    *fd = file;
    return 0;

fail_errno:
    code = -errno;
fail:
    if (file >= 0)
        close(file);
    free(memory);
    return code;
}

int fl_x11_memory_private(size_t size, fl_x11_memory **out)
{
    fl_x11_memory *memory = calloc(1, sizeof *memory);
    void *pixels;

    if (!memory)
        return -ENOMEM;
    pixels = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pixels == MAP_FAILED) {
        free(memory);
        return -ENOMEM;
    }
    atomic_init(&memory->references, 1);
    memory->pixels = pixels;
    memory->size = size;
    *out = memory;
    return 0;
}

uint8_t *fl_x11_memory_pixels(fl_x11_memory *memory)
{
    return memory->pixels;
}

void fl_x11_memory_hold(fl_x11_memory *memory)
{
    atomic_fetch_add(&memory->references, 1);
}

void fl_x11_memory_release(fl_x11_memory *memory)
{
    if (!memory || atomic_fetch_sub(&memory->references, 1) != 1)
        return;
    munmap(memory->pixels, memory->size);
    free(memory);
}
