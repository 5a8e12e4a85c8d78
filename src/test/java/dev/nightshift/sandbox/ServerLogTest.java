package dev.nightshift.sandbox;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ServerLogTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "FATAL:  could not access file \"pg_cron\": No such file or directory",
                "ERROR:  could not load library \"/usr/lib/postgresql/15/lib/postgis-3.so\": libgeos_c.so.1: cannot open",
                "FATAL:  database locale is incompatible with operating system",
                "ERROR:  could not restore image at 0/3000060 compressed with lz4 not supported by build, block 0",
                "FATAL:  database files are incompatible with server",
                "FATAL:  recovery aborted because of insufficient parameter settings",
                "/opt/pg/bin/postgres: error while loading shared libraries: libicui18n.so.60: cannot open",
                "FATAL:  directory \"/srv/space\" does not exist",
                "PANIC:  could not write to file \"pg_wal/xlogtemp.35\": No space left on device",
                "ERROR:  could not extend file \"base/5/16384\": No space left on device",
                "ERROR:  out of memory",
                "LOG:  server process (PID 41) was terminated by signal 24: CPU time limit exceeded",
                "LOG:  server process (PID 41) was terminated by signal 9: Killed",
                "ERROR:  could not read blocks 3..3 in file \"base/5/16384\": Input/output error"
            })
    void whatTheMachineLacksIsNotABackupsFault(String line) {
        assertTrue(ServerLog.lack("LOG:  starting\n" + line).isPresent());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "FATAL:  recovery ended before configured recovery target was reached",
                "ERROR:  could not open file \"base/5/16384\": No such file or directory",
                "LOG:  server process (PID 41) was terminated by signal 11: Segmentation fault",
                "ERROR:  invalid memory alloc request size 18446744073709551613",
                "ERROR:  invalid page in block 3 of relation base/5/16384",
                "PANIC:  could not locate a valid checkpoint record at 0/2000060"
            })
    void damageIsNotTakenForALack(String line) {
        assertTrue(ServerLog.lack(line).isEmpty());
    }

    @Test
    void theReasonIsTheLastGraveMessageWithItsHint() {
        assertEquals(
                "could not locate required checkpoint record HINT:  If you are restoring from a backup, touch a file.",
                ServerLog.reason("""
                        LOG:  starting backup recovery
                        FATAL:  could not locate required checkpoint record
                        HINT:  If you are restoring from a backup, touch a file.
                        LOG:  startup process (PID 5) exited with exit code 1
                        FATAL:  the database system is shutting down
                        sandbox: the server ended with exit code 1
                        """));
        assertEquals(
                "sh: postgres: not found",
                ServerLog.reason("sh: postgres: not found\nsandbox: the server ended with exit code 127\n"));
    }
}
