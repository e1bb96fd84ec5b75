/* The pointer's place and shape, kept out of the picture. */
#include <stdlib.h>
#include <string.h>

#include "capture.h"

static int clamp(int value, int low, int high)
{
    return value < low ? low : value > high ? high : value;
}

static bool same_shape(const fl_x11_sprite *sprite, const fl_x11_cursor *shape, const uint8_t *pixels)
{
    const fl_x11_cursor *old = &sprite->shape;

    if (old->w != shape->w || old->h != shape->h || old->hot_x != shape->hot_x || old->hot_y != shape->hot_y)
        return false;
    return !sprite->pixels || !pixels || memcmp(sprite->pixels, pixels, (size_t)shape->w * (size_t)shape->h * 4) == 0;
}

/* Copy the reply's pixels, cut to what fits in FL_X11_CURSOR_SIDE. ARGB words of a little-endian server are BGRA. */
static uint8_t *copy_shape(xcb_xfixes_get_cursor_image_reply_t *reply, fl_x11_cursor *shape)
{
    const uint32_t *source = xcb_xfixes_get_cursor_image_cursor_image(reply);
    uint8_t *pixels;

    shape->w = clamp(reply->width, 0, FL_X11_CURSOR_SIDE);
    shape->h = clamp(reply->height, 0, FL_X11_CURSOR_SIDE);
    shape->hot_x = clamp(reply->xhot, 0, shape->w ? shape->w - 1 : 0);
    shape->hot_y = clamp(reply->yhot, 0, shape->h ? shape->h - 1 : 0);
    pixels = malloc((size_t)shape->w * (size_t)shape->h * 4 + 1);
    for (int y = 0; pixels && y < shape->h; y++)
        memcpy(pixels + (size_t)y * (size_t)shape->w * 4, source + (size_t)y * reply->width, (size_t)shape->w * 4);
    return pixels;
}

static void tell(fl_x11 *x, int news)
{
    pthread_mutex_lock(&x->lock);
    x->news |= news;
    pthread_mutex_unlock(&x->lock);
}

/* Without a reply (no cursor is set) there is no shape. */
void fl_x11_hear_shape(fl_x11 *x, xcb_xfixes_get_cursor_image_reply_t *reply)
{
    fl_x11_cursor shape = {0};
    uint8_t *pixels = NULL;
    bool changed;

    if (reply)
        pixels = copy_shape(reply, &shape);
    free(reply);
    if (!pixels)
        shape = (fl_x11_cursor){0};
    pthread_mutex_lock(&x->lock);
    changed = !same_shape(&x->sprite, &shape, pixels);
    if (changed) {
        uint8_t *old = x->sprite.pixels;

        x->sprite.shape = shape;
        x->sprite.pixels = pixels;
        pixels = old;
    }
    pthread_mutex_unlock(&x->lock);
    free(pixels);
    if (changed)
        tell(x, FL_X11_CURSOR);
}

/* Put a place on the screen into the area's pixels; the rest is as it was where that lies outside. */
static void place_sprite(fl_x11_sprite *sprite, fl_rect area, const xcb_query_pointer_reply_t *reply)
{
    const int px = reply->root_x - area.x, py = reply->root_y - area.y;

    sprite->on_screen = reply->same_screen && px >= 0 && py >= 0 && px < area.w && py < area.h;
    if (!sprite->on_screen)
        return;
    sprite->x = px;
    sprite->y = py;
}

void fl_x11_hear_place(fl_x11 *x, xcb_query_pointer_reply_t *reply)
{
    fl_x11_sprite old;
    bool changed;

    if (!reply)
        return;
    pthread_mutex_lock(&x->lock);
    old = x->sprite;
    place_sprite(&x->sprite, x->area, reply);
    changed = old.on_screen != x->sprite.on_screen || old.x != x->sprite.x || old.y != x->sprite.y;
    pthread_mutex_unlock(&x->lock);
    free(reply);
    if (changed)
        tell(x, FL_X11_POINTER);
}

fl_x11_question fl_x11_ask_pointer(fl_x11 *x)
{
    fl_x11_question question = {.shape = x->todo.cursor, .place = xcb_query_pointer(x->c, x->root)};

    if (question.shape)
        question.image = xcb_xfixes_get_cursor_image(x->c);
    x->todo.pointer = x->todo.cursor = false;
    return question;
}
