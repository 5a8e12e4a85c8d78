package dev.nightshift.cli;

import java.util.ArrayList;
import java.util.List;

/** Rows in aligned columns, two spaces apart. Only what stands in the last column may be as long as it likes. */
final class Table {
    private final boolean colours;
    private final List<String> heads = new ArrayList<>();
    private final List<Boolean> right = new ArrayList<>();
    private final List<List<Cell>> rows = new ArrayList<>();

    /** What is shown, and how it is painted. */
    private record Cell(String text, State state) {}

    private static final State PLAIN = new State("", "", State.Tone.PLAIN);

    Table(boolean colours) {
        this.colours = colours;
    }

    Table column(String head) {
        heads.add(head);
        right.add(false);
        return this;
    }

    /** For numbers: flush right. */
    Table number(String head) {
        heads.add(head);
        right.add(true);
        return this;
    }

    /** A row: texts, or states. */
    Table row(Object... cells) {
        List<Cell> row = new ArrayList<>();
        for (Object cell : cells) {
            row.add(
                    cell instanceof State state
                            ? new Cell(state.text(), state)
                            : new Cell(Words.plain(cell.toString()), PLAIN));
        }
        if (row.size() != heads.size()) {
            throw new IllegalArgumentException("A row of " + row.size() + " cells under " + heads.size() + " heads");
        }
        rows.add(row);
        return this;
    }

    boolean isEmpty() {
        return rows.isEmpty();
    }

    /** The heads, then the rows. */
    List<String> lines() {
        int[] widths = new int[heads.size()];
        for (int column = 0; column < widths.length; column++) {
            int widest = width(heads.get(column));
            for (List<Cell> row : rows) {
                widest = Math.max(widest, width(row.get(column).text()));
            }
            widths[column] = widest;
        }
        List<String> lines = new ArrayList<>();
        lines.add(line(heads.stream().map(head -> new Cell(head, PLAIN)).toList(), widths));
        rows.forEach(row -> lines.add(line(row, widths)));
        return lines;
    }

    private String line(List<Cell> cells, int[] widths) {
        StringBuilder line = new StringBuilder();
        for (int column = 0; column < cells.size(); column++) {
            Cell cell = cells.get(column);
            String gap = " ".repeat(widths[column] - width(cell.text()));
            String shown = cell.state().paint(cell.text(), colours);
            line.append(column == 0 ? "" : "  ").append(right.get(column) ? gap + shown : shown + gap);
        }
        return line.toString().stripTrailing();
    }

    private static int width(String text) {
        return text.codePointCount(0, text.length());
    }
}
