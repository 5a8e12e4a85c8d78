package dev.nightshift.fleet;

import dev.nightshift.kernel.Failure;
import jakarta.persistence.Column;
import jakarta.persistence.Embeddable;

/**
 * From when on a database's tables are vacuumed and analyzed.
 *
 * @param deadPercent dead rows in a hundred, 1 to 100
 * @param changedPercent changed rows in a hundred since the last analyze, 1 to 100
 * @param floorRows tables with fewer dead or changed rows are left alone
 */
@Embeddable
public record VacuumSettings(
        @Column(name = "vacuum_dead_percent") int deadPercent,
        @Column(name = "vacuum_changed_percent") int changedPercent,
        @Column(name = "vacuum_floor_rows") long floorRows) {
    public VacuumSettings {
        percent("vacuum.deadPercent", deadPercent);
        percent("vacuum.changedPercent", changedPercent);
        if (floorRows < 0) {
            throw new Failure.Invalid("vacuum.floorRows", "A number of rows is not negative.");
        }
    }

    /** 20 % dead, 10 % changed, 1,000 rows. */
    public static VacuumSettings standard() {
        return new VacuumSettings(20, 10, 1000);
    }

    private static void percent(String field, int value) {
        if (value < 1 || value > 100) {
            throw new Failure.Invalid(field, "A percentage from 1 to 100, not " + value + ".");
        }
    }
}
