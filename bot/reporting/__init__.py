"""The community's figures as they are shown: beside what they were, their baseline month and their goals;
on a terminal, a page, a phone, and to programs."""
