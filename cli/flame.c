/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flame graphs. Each frame is a nested <svg> of its own, so that its name is clipped where it ends,
 * and places are percentages, so that the picture is as wide as its window.
 */
#include "flame.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ROW 17		  /* height of a frame, pixels */
#define HEAD 44		  /* room for the title */
#define FOOT 26		  /* and for what the pointer is on */
#define MIN_SHARE 0.00005 /* of the width: less cannot be seen */

static const char script[] =
#include "flame.inc"
	;

/* ---- The tree ---------------------------------------------------------------------------------
 */

struct node {
	const char *name; /* in the lines; not terminated */
	size_t length;
	uint64_t total;
	uint32_t child, sibling; /* indexes, 0 if there is none */
};

struct tree {
	struct node *nodes; /* the first is the root */
	uint32_t count, capacity;
	unsigned depth;
};

static uint32_t add_node(struct tree *tree, const char *name, size_t length)
{
	if (tree->count == tree->capacity) {
		uint32_t capacity = tree->capacity ? tree->capacity * 2 : 256;
		struct node *nodes = realloc(tree->nodes, capacity * sizeof(*nodes));

		if (!nodes)
			return UINT32_MAX;
		tree->nodes = nodes;
		tree->capacity = capacity;
	}
	tree->nodes[tree->count] = (struct node){.name = name, .length = length};
	return tree->count++;
}

static int compare_names(const struct node *node, const char *name, size_t length)
{
	int order = memcmp(node->name, name, node->length < length ? node->length : length);

	return order ? order : (node->length > length) - (node->length < length);
}

/* The child of that name, added in the order of the alphabet if there was none. */
static uint32_t child_of(struct tree *tree, uint32_t parent, const char *name, size_t length)
{
	uint32_t before = 0, at = tree->nodes[parent].child, node;

	for (; at; before = at, at = tree->nodes[at].sibling) {
		int order = compare_names(&tree->nodes[at], name, length);

		if (!order)
			return at;
		if (order > 0)
			break;
	}
	node = add_node(tree, name, length);
	if (node == UINT32_MAX)
		return node;
	tree->nodes[node].sibling = at;
	if (before)
		tree->nodes[before].sibling = node;
	else
		tree->nodes[parent].child = node;
	return node;
}

static int add_line(struct tree *tree, const char *line, size_t length)
{
	const char *space = memrchr(line, ' ', length), *end;
	uint64_t count = space ? strtoull(space + 1, NULL, 10) : 0;
	uint32_t node = 0;
	unsigned depth = 0;

	if (!space || !count)
		return 0;
	tree->nodes[0].total += count;
	for (const char *at = line; at < space; at = end + 1) {
		end = memchr(at, ';', (size_t)(space - at));
		if (!end)
			end = space;
		node = child_of(tree, node, at, (size_t)(end - at));
		if (node == UINT32_MAX)
			return -ENOMEM;
		tree->nodes[node].total += count;
		depth++;
	}
	tree->depth = depth > tree->depth ? depth : tree->depth;
	return 0;
}

static int make_tree(struct tree *tree, const struct text *lines)
{
	const char *at = lines->data, *end = lines->data + lines->length;
	int err = add_node(tree, "all", 3) == UINT32_MAX ? -ENOMEM : 0;

	while (!err && at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t length = (size_t)((newline ? newline : end) - at);

		err = add_line(tree, at, length);
		at += length + 1;
	}
	return err ? err : tree->nodes[0].total ? 0 : -ENODATA;
}

/* ---- The picture ------------------------------------------------------------------------------
 */

static void xml(struct text *svg, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		switch (bytes[i]) {
		case '&':
			text_string(svg, "&amp;");
			break;
		case '<':
			text_string(svg, "&lt;");
			break;
		case '>':
			text_string(svg, "&gt;");
			break;
		case '"':
			text_string(svg, "&quot;");
			break;
		default:
			text_char(svg, bytes[i]);
		}
	}
}

static bool ends_with(const struct node *node, const char *end)
{
	size_t length = strlen(end);

	return node->length >= length && !memcmp(node->name + node->length - length, end, length);
}

/* A function has the same colour everywhere; the kernel's are blue. */
static void colour(struct text *svg, const struct node *node)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < node->length; i++)
		hash = (hash ^ (unsigned char)node->name[i]) * 16777619u;
	if (ends_with(node, "_[k]"))
		text_format(svg, "hsl(%u,55%%,%u%%)", 195 + hash % 25, 66 + hash / 32 % 12);
	else
		text_format(svg, "hsl(%u,80%%,%u%%)", 15 + hash % 40, 60 + hash / 64 % 12);
}

struct drawing {
	struct text *svg;
	const struct tree *tree;
	unsigned height;
};

static void draw_node(const struct drawing *drawing, const struct node *node, uint64_t before,
		      unsigned depth)
{
	struct text *svg = drawing->svg;
	double all = (double)drawing->tree->nodes[0].total;
	double x = (double)before / all * 100, width = (double)node->total / all * 100;

	text_format(svg,
		    "<svg class=\"f\" x=\"%.6f%%\" width=\"%.6f%%\" y=\"%u\" height=\"%d\" "
		    "data-x=\"%.9f\" data-w=\"%.9f\" data-d=\"%u\" data-n=\"%llu\"><title>",
		    x, width, drawing->height - FOOT - (depth + 1) * ROW, ROW - 1, x, width, depth,
		    (unsigned long long)node->total);
	xml(svg, node->name, node->length);
	text_format(svg, ": %llu (%.2f %%)</title><rect width=\"100%%\" height=\"100%%\" fill=\"",
		    (unsigned long long)node->total, width);
	colour(svg, node);
	text_string(svg, "\"/><text x=\"3\" y=\"12\">");
	xml(svg, node->name, node->length);
	text_string(svg, "</text></svg>\n");
}

/* The frame and what it called, side by side on top of it. */
static void draw(const struct drawing *drawing, uint32_t index, uint64_t before, unsigned depth)
{
	const struct node *node = &drawing->tree->nodes[index];

	if ((double)node->total / (double)drawing->tree->nodes[0].total < MIN_SHARE)
		return;
	draw_node(drawing, node, before, depth);
	for (uint32_t child = node->child; child; child = drawing->tree->nodes[child].sibling) {
		draw(drawing, child, before, depth + 1);
		before += drawing->tree->nodes[child].total;
	}
}

static void begin(struct text *svg, unsigned height, const char *title)
{
	struct text shown = {0};

	text_format(
		svg,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"100%%\" height=\"%u\" "
		"font-family=\"monospace\" font-size=\"12\">\n"
		"<style>.f{cursor:pointer}.f:hover rect{stroke:#000}.f text{pointer-events:none}"
		".hit rect{fill:#e0e}.caller{opacity:.5}#search,#reset{cursor:pointer;"
		"text-decoration:underline}</style>\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#fdfdf6\"/>\n"
		"<text x=\"50%%\" y=\"24\" text-anchor=\"middle\" font-size=\"16\">",
		height);
	/* A file's name, in which may be what XML has no way to say. */
	text_escaped(&shown, title, strlen(title), 0);
	xml(svg, shown.data, shown.length);
	svg->failed = svg->failed || shown.failed;
	text_free(&shown);
	text_format(
		svg,
		"</text>\n<text id=\"search\" x=\"99%%\" y=\"24\" text-anchor=\"end\">search"
		"</text>\n<text id=\"reset\" x=\"1%%\" y=\"24\" style=\"display:none\">reset zoom"
		"</text>\n<text id=\"detail\" x=\"1%%\" y=\"%u\"> </text>\n"
		"<text id=\"matched\" x=\"99%%\" y=\"%u\" text-anchor=\"end\"> </text>\n",
		height - 8, height - 8);
}

int flame_draw(struct text *svg, const struct text *lines, const char *title)
{
	struct tree tree = {0};
	struct drawing drawing = {.svg = svg, .tree = &tree};
	int err = make_tree(&tree, lines);

	if (!err) {
		drawing.height = HEAD + FOOT + (tree.depth + 1) * ROW;
		begin(svg, drawing.height, title);
		draw(&drawing, 0, 0, 0);
		text_string(svg, "<script><![CDATA[\n");
		text_string(svg, script);
		text_string(svg, "]]></script>\n</svg>\n");
		err = svg->failed ? -ENOMEM : 0;
	}
	free(tree.nodes);
	return err;
}
