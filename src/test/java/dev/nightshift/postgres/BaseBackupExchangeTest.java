package dev.nightshift.postgres;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What a server says of a backup at its end decides what it is, whatever came before. */
class BaseBackupExchangeTest {
    private final ByteArrayOutputStream said = new ByteArrayOutputStream();

    private interface Body {
        void write(DataOutputStream out) throws IOException;
    }

    private void message(char type, Body body) throws IOException {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        body.write(new DataOutputStream(content));
        DataOutputStream out = new DataOutputStream(said);
        out.writeByte(type);
        out.writeInt(4 + content.size());
        content.writeTo(out);
    }

    private static void text(DataOutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
        out.writeByte(0);
    }

    private void rows(List<String> columns, @Nullable String... values) throws IOException {
        message('T', out -> {
            out.writeShort(columns.size());
            for (String column : columns) {
                text(out, column);
                out.write(new byte[18]);
            }
        });
        message('D', out -> {
            out.writeShort(values.length);
            for (String value : values) {
                if (value == null) {
                    out.writeInt(-1);
                } else {
                    out.writeInt(value.length());
                    out.writeBytes(value);
                }
            }
        });
        message('C', out -> text(out, "SELECT"));
    }

    private void position(String lsn, String timeline) throws IOException {
        rows(List.of("recptr", "tli"), lsn, timeline);
    }

    /** Up to the end of the copy. */
    private void files() throws IOException {
        position("0/2000028", "1");
        rows(List.of("spcoid", "spclocation", "size"), null, null, "4");
        message('H', out -> out.write(new byte[3]));
        message('d', out -> {
            out.writeByte('n');
            text(out, "base.tar");
            text(out, "");
        });
        message('d', out -> out.writeBytes("dcontent"));
        message('d', out -> out.writeBytes("m"));
        message('c', out -> {});
    }

    private void error(String state, String words) throws IOException {
        message('E', out -> {
            text(out, "SERROR");
            text(out, "VERROR");
            text(out, "C" + state);
            text(out, "M" + words);
            out.writeByte(0);
        });
    }

    private BaseBackup.Outcome run() throws Exception {
        message('Z', out -> out.writeByte('I'));
        return run(said.toByteArray());
    }

    private static BaseBackup.Outcome run(byte[] bytes) throws Exception {
        Wire wire = new Wire(
                new Socket() {
                    @Override
                    public InputStream getInputStream() {
                        return new ByteArrayInputStream(bytes);
                    }

                    @Override
                    public OutputStream getOutputStream() {
                        return OutputStream.nullOutputStream();
                    }
                },
                notice -> {});
        BaseBackup request = new BaseBackup("test", true, 0, false);
        return new BaseBackupExchange(wire, request, new Swallowing(), start -> {}, () -> {}).run();
    }

    private static final class Swallowing implements BaseBackup.Sink {
        @Override
        public void started(Lsn start, int timeline, List<BaseBackup.Tablespace> tablespaces) {}

        @Override
        public void archive(String name) {}

        @Override
        public void manifest() {}

        @Override
        public void data(InputStream in, int length) throws IOException {
            in.skipNBytes(length);
        }

        @Override
        public void progress(long bytes) {}
    }

    @Test
    void aBackupThatEndsOnItsOwnTimelineIsWhole() throws Exception {
        files();
        position("0/2000100", "1");
        message('C', out -> text(out, "SELECT"));
        BaseBackup.Outcome outcome = run();
        assertEquals(Lsn.parse("0/2000028"), outcome.start());
        assertEquals(Lsn.parse("0/2000100"), outcome.stop());
        assertEquals(1, outcome.timeline());
    }

    @Test
    void oneThatEndsOnAnotherTimelineIsNone() throws Exception {
        files();
        position("0/2000100", "2");
        IOException promoted = assertThrows(IOException.class, this::run);
        assertEquals("The server was promoted during the backup: timeline 1 became 2.", promoted.getMessage());
    }

    @Test
    void oneWhoseServerWasPromotedBeforeItTellsTheEndIsNone() throws Exception {
        files();
        error("55000", "the standby was promoted during online backup");
        ServerError refused = assertThrows(ServerError.class, this::run);
        assertEquals("55000", refused.sqlState());
        String remedy = String.valueOf(ReplicationFailures.refused(
                        Endpoint.local(1, "postgres", "postgres", () -> ""), refused.sqlState(), refused)
                .remedy());
        assertTrue(remedy.contains("start again where it was promoted"), remedy);
    }

    @Test
    void wrongChecksumsMakeItDamagedOnlyIfItsEndIsKnown() throws Exception {
        files();
        error("XX001", "checksum verification failure during base backup");
        assertThrows(ServerError.class, this::run);
        said.reset();
        files();
        position("0/2000100", "1");
        error("XX001", "checksum verification failure during base backup");
        assertTrue(run().checksumFailures());
    }

    @Test
    void oneWithoutAnEndIsNone() throws Exception {
        files();
        assertThrows(IOException.class, this::run);
    }

    @Test
    void aConnectionThatIsCutAnywhereIsAnEndOfTheStreamAndNothingElse() throws Exception {
        files();
        position("0/2000100", "1");
        message('C', out -> text(out, "SELECT"));
        byte[] whole = said.toByteArray();
        for (int length = 0; length <= whole.length; length++) {
            byte[] cut = Arrays.copyOf(whole, length);
            assertThrows(EOFException.class, () -> run(cut), "after " + length + " of " + whole.length + " bytes");
        }
    }
}
