"""What people and other systems read: output tables."""
